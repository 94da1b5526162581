import { Sidecar, START } from "./client.js";
import { SidecarError } from "./errors.js";
import type { ClientOptions } from "./options.js";
import { type WebSocketClass, WebSocketConnector } from "./websocket.js";

export type { WebSocketClass } from "./websocket.js";

/** How `connect` reaches a server, and what it does when the connection ends. */
export interface ConnectOptions extends Omit<ClientOptions, "silenceTimeoutMs"> {
  /** The server's token. */
  token: string;
  /**
   * Milliseconds of a speech's audio that may wait to be read; a speech may have a `creditMs` of its own.
   * Default 5000.
   */
  creditMs?: number;
  /**
   * The class that opens WebSockets, such as that of the package `ws`. Default: the global one, which browsers, Bun and
   * Node 22 have.
   */
  WebSocket?: WebSocketClass;
}

const TOKEN = /^[\w.~-]{1,256}$/;

/**
 * Connect to a server of a sidecar, such as `qwen-tts-bridge`. If the connection ends, it is opened again as a crashed
 * process is started again; pending calls reject with {@link SidecarDisconnectedError}.
 *
 * @throws {@link SidecarStartError} if the server cannot be reached or refuses the connection.
 * @throws {@link SidecarVersionError} if it speaks another version of the protocol.
 * @throws {@link SidecarError} if the token or the class of WebSockets is missing.
 *
 * @example
 * ```ts
 * import { connect } from "qwen-tts-sidecar";
 *
 * const tts = await connect("ws://127.0.0.1:8765/", { token: "what the server was given" });
 * const wav = await tts.synthesize({ text: "Hello there." }).toWav();
 * await tts.close();
 * ```
 */
export async function connect(url: string | URL, options: ConnectOptions): Promise<Sidecar> {
  const { token, creditMs = 5000, WebSocket = globalWebSocket(), ...client } = options;
  if (!TOKEN.test(token)) {
    throw new SidecarError("The token must have 1 to 256 letters, digits, or characters of -_.~");
  }
  const connector = new WebSocketConnector(String(url), token, creditMs, WebSocket);
  const sidecar = new Sidecar(connector, { ...client, silenceTimeoutMs: 60_000 });
  await sidecar[START]();
  return sidecar;
}

function globalWebSocket(): WebSocketClass {
  const found = (globalThis as { WebSocket?: WebSocketClass }).WebSocket;
  if (found) return found;
  throw new SidecarError("This Node has no WebSocket: pass that of the package ws, or use Node 22.");
}
