import type { Connection } from "./connection.js";
import * as errors from "./errors.js";
import type { ClientOptions } from "./options.js";
import { MAX_BODY } from "./outgoing.js";
import { type InitializeResult, PROTOCOL_VERSION } from "./protocol.gen.js";
import { timerMs, unref } from "./timers.js";
import type { Connector } from "./transport.js";
import { VERSION } from "./version.js";

/** The sidecar's name for itself. Another program may happen to answer `initialize`, too. */
const SERVER_NAME = "qwen-tts-sidecar";
/** The default of `startTimeoutMs`. */
export const START_TIMEOUT_MS = 60_000;

/** Send `initialize`, and check that the program is a sidecar with the protocol version of this client. */
export async function handshake(
  connection: Connection,
  { name, processId }: Connector,
  { clientInfo, startTimeoutMs = START_TIMEOUT_MS }: ClientOptions,
): Promise<InitializeResult> {
  const late = () =>
    connection.close(new errors.SidecarStartError(`${name} did not answer in ${startTimeoutMs} ms.`));
  const timer = unref(setTimeout(late, timerMs(startTimeoutMs)));
  try {
    const server = await connection.request("initialize", {
      protocolVersion: PROTOCOL_VERSION,
      clientInfo: clientInfo ?? { name: "qwen-tts-sidecar-typescript", version: VERSION },
      processId,
    }).result;
    check(server, name);
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

function check(server: Partial<InitializeResult> | null, program: string): void {
  const { name, version } = server?.serverInfo ?? {};
  if (name !== SERVER_NAME) {
    throw new errors.SidecarProtocolError(
      `${program} is another program: it calls itself ` +
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
