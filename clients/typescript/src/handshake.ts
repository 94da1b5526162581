import type { Connection } from "./connection.js";
import * as errors from "./errors.js";
import { MAX_BODY } from "./framing.js";
import type { Command } from "./locate.js";
import type { SidecarOptions } from "./options.js";
import { type InitializeResult, PROTOCOL_VERSION } from "./protocol.gen.js";
import { timerMs } from "./timers.js";
import { VERSION } from "./version.js";

/** The sidecar's name for itself. Another program may happen to answer `initialize`, too. */
const SERVER_NAME = "qwen-tts-sidecar";
/** The default of `startTimeoutMs`. */
export const START_TIMEOUT_MS = 60_000;

/** Send `initialize`, and check that the program is a sidecar with the protocol version of this client. */
export async function handshake(
  connection: Connection,
  command: Command,
  { clientInfo, startTimeoutMs = START_TIMEOUT_MS }: SidecarOptions,
): Promise<InitializeResult> {
  const timer = setTimeout(() => {
    connection.close(new errors.SidecarStartError(`${command.file} did not answer in ${startTimeoutMs} ms.`));
  }, timerMs(startTimeoutMs)).unref();
  try {
    const server = await connection.request("initialize", {
      protocolVersion: PROTOCOL_VERSION,
      clientInfo: clientInfo ?? { name: "qwen-tts-sidecar-typescript", version: VERSION },
      processId: process.pid,
    }).result;
    check(server, command);
    connection.maxMessageBytes = server.capabilities?.limits?.maxMessageBytes ?? MAX_BODY;
    connection.notify("initialized", {});
    return server;
  } catch (error) {
    const type = error instanceof errors.SidecarResponseError ? error.type : undefined;
    throw type === "protocolVersionMismatch" ? versionError("another") : error;
  } finally {
    clearTimeout(timer);
  }
}

function check(server: Partial<InitializeResult> | null, command: Command): void {
  const { name, version } = server?.serverInfo ?? {};
  if (name !== SERVER_NAME) {
    throw new errors.SidecarProtocolError(
      `${[command.file, ...command.args].join(" ")} is another program: it calls itself ` +
        `${name === undefined ? "nothing" : JSON.stringify([name, version].join(" ").trim())}, ` +
        `not ${SERVER_NAME}.`,
    );
  }
  if (server?.protocolVersion !== PROTOCOL_VERSION) throw versionError(server?.protocolVersion);
}

function versionError(theirs: number | string | undefined): Error {
  return new errors.SidecarVersionError(
    `The sidecar speaks protocol version ${theirs}, this client version ${PROTOCOL_VERSION}: ` +
      "update the older of the two.",
  );
}
