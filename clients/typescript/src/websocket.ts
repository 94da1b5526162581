import { decodeAudio } from "./audio-message.js";
import { SidecarDisconnectedError, type SidecarError, SidecarStartError } from "./errors.js";
import type { Connector, Ended, Receiver, Transport } from "./transport.js";

const SUBPROTOCOL = "qwen-tts.v1";

/** The part of a WebSocket that is used; those of browsers, Node, Bun and the package `ws` have it. */
interface WebSocketLike {
  binaryType: string;
  readonly readyState: number;
  send(data: string): void;
  close(code?: number): void;
  addEventListener(type: string, listener: (event: never) => void): void;
}

/** A class that opens a WebSocket, as in browsers, Node 22 and the package `ws`. */
export type WebSocketClass = new (url: string, protocols: string[]) => object;

const OPEN = 1;

/** Opens a WebSocket for each conversation. The token is offered as a subprotocol, since browsers can set no header. */
export class WebSocketConnector implements Connector {
  readonly name: string;

  constructor(
    readonly url: string,
    readonly token: string,
    readonly creditMs: number,
    readonly WebSocket: WebSocketClass,
  ) {
    this.name = url;
  }

  async open(receiver: Receiver): Promise<Transport> {
    const protocols = [SUBPROTOCOL, `qwen-tts.token.${this.token}`];
    const socket = new this.WebSocket(this.url, protocols) as WebSocketLike;
    socket.binaryType = "arraybuffer";
    const transport = new WebSocketTransport(socket, this.url, receiver);
    await transport.opened;
    return transport;
  }
}

class WebSocketTransport implements Transport {
  readonly pid = undefined;
  readonly stderr = "";
  /** Resolves when the connection is open, or will never be, which `exited` explains. */
  readonly opened: Promise<unknown>;
  readonly exited: Promise<Ended>;

  constructor(
    readonly socket: WebSocketLike,
    url: string,
    readonly receiver: Receiver,
  ) {
    const event = <E>(type: string) =>
      new Promise<E>((resolve) => socket.addEventListener(type, resolve as (event: never) => void));
    let isOpened = false;
    const opened = event("open").then(() => (isOpened = true));
    // Node's WebSocket reports a refused connection by "error" alone. Later, "close" follows an error.
    const refused = event("error").then(() => (isOpened ? new Promise<never>(() => {}) : { code: 1006, reason: "" }));
    const closed = Promise.race([event<{ code: number; reason: string }>("close"), refused]);
    this.opened = Promise.race([opened, closed]);
    this.exited = closed.then(({ code, reason }) => ({
      exitCode: null,
      signal: null,
      stderr: "",
      error: isOpened
        ? new SidecarDisconnectedError(code, reason)
        : new SidecarStartError(`${url} cannot be reached, or refuses the connection. Check the token.`),
    }));
    socket.addEventListener("message", ({ data }: { data: string | ArrayBuffer }) => this.#receive(data));
  }

  write(json: string): void {
    if (this.socket.readyState === OPEN) this.socket.send(json);
  }

  /** A WebSocket cannot be paused, and need not be: what is unread is bounded by credit. */
  pauseOutput(): void {}

  endInput(): void {}

  kill(): void {
    this.socket.close(1000);
  }

  #receive(data: string | ArrayBuffer): void {
    if (typeof data === "string") {
      this.receiver.onMessage(data);
      return;
    }
    try {
      const audio = decodeAudio(data);
      if (audio) this.receiver.onAudio(audio.token, audio.chunk);
    } catch (error) {
      this.receiver.onLost(error as SidecarError);
    }
  }
}
