import { resolve } from "node:path";
import type { SidecarError } from "./errors.js";
import { encodeJson, FrameReader } from "./framing.js";
import { START_TIMEOUT_MS } from "./handshake.js";
import { locate, type Command } from "./locate.js";
import { killed } from "./killed.js";
import type { SidecarOptions } from "./options.js";
import { SidecarProcess } from "./process.js";
import { timerMs } from "./timers.js";
import type { Connector, Receiver, Transport } from "./transport.js";

/** Finds the sidecar once, and starts a process for each conversation. */
export class ProcessConnector implements Connector {
  readonly processId = process.pid;
  #command: Command | undefined;
  /** The working folder of the first process; the host may have changed its own since. */
  #cwd: string | undefined;

  constructor(readonly options: SidecarOptions) {}

  get name(): string {
    return this.#command ? [this.#command.file, ...this.#command.args].join(" ") : "The sidecar";
  }

  async open(receiver: Receiver): Promise<Transport> {
    const { command, args = [], startTimeoutMs = START_TIMEOUT_MS } = this.options;
    const cwd = (this.#cwd ??= resolve(this.options.cwd ?? ""));
    const env = { PYTHONSAFEPATH: "1", ...process.env, ...this.options.env };
    const timeoutMs = timerMs(startTimeoutMs);
    this.#command ??= await locate({ command, args, cwd, env, timeoutMs });
    return openProcess(this.#command, cwd, env, receiver);
  }
}

function openProcess(command: Command, cwd: string, env: NodeJS.ProcessEnv, receiver: Receiver): Transport {
  const frames = new FrameReader();
  const child = new SidecarProcess({
    command,
    cwd,
    env,
    onLine: (line) => receiver.onLine(line),
    onData: (data) => {
      try {
        for (const body of frames.push(data)) receiver.onMessage(body.toString("utf8"));
      } catch (error) {
        receiver.onLost(error as SidecarError); // The next frame cannot be found.
      }
    },
    onLost: (pipe) => receiver.onLost(killed(child.stderr, `it had closed its ${pipe} but kept running`)),
  });
  return {
    get pid() {
      return child.pid;
    },
    get stderr() {
      return child.stderr;
    },
    exited: child.exited,
    write: (json, bytes) => child.write(encodeJson(json, bytes)),
    pauseOutput: (paused) => child.pauseOutput(paused),
    endInput: () => child.endInput(),
    kill: () => child.kill(),
  };
}
