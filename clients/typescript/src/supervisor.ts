import { Backoff } from "./backoff.js";
import { Connection } from "./connection.js";
import * as errors from "./errors.js";
import type { FlowGate } from "./flow.js";
import { FrameReader } from "./framing.js";
import { locate, type Command } from "./locate.js";
import { type ProcessExit, SidecarProcess } from "./process.js";
import { type InitializeResult, PROTOCOL_VERSION } from "./protocol.gen.js";
import type { ExitEvent, RestartEvent, SidecarOptions } from "./options.js";
import { VERSION } from "./version.js";

/** A sidecar that does not end when it is told to is killed. */
const CLOSE_TIMEOUT_MS = 5000;

export interface SupervisorEvents {
  onExit(event: ExitEvent): void;
  onRestart(event: RestartEvent): void;
  onLine(line: string): void;
}


/** Owns the process: starts it, shakes hands, starts it again when it dies, ends it. */
export class Supervisor {
  #command: Command | undefined;
  #process: SidecarProcess | undefined;
  #connection: Connection | undefined;
  #ready: Promise<Connection>;
  #server: InitializeResult | undefined;
  #backoff: Backoff;
  #skipDelay: () => void = () => {};
  #supervised = false;
  #closing: Promise<void> | undefined;
  #restarts = 0;

  constructor(
    readonly options: SidecarOptions,
    readonly gate: FlowGate,
    readonly events: SupervisorEvents,
  ) {
    this.#backoff = new Backoff(options.restart);
    this.#ready = neverUnhandled(Promise.reject(new errors.SidecarClosedError()));
  }

  get pid(): number | undefined {
    return this.#process?.pid;
  }

  /** What the last process that was started said of itself. */
  get server(): InitializeResult {
    if (!this.#server) throw new errors.SidecarClosedError();
    return this.#server;
  }

  /** The first start: what goes wrong here is told to the caller, and is not tried again. */
  async start(): Promise<void> {
    this.#ready = neverUnhandled(this.#launch());
    await this.#ready;
    this.#supervised = true;
  }

  /** The conversation to use now; while the process is started again, the next one. */
  connection(): Promise<Connection> {
    return this.#ready;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #launch(): Promise<Connection> {
    const { cwd = process.cwd() } = this.options;
    const env = { ...process.env, ...this.options.env };
    this.#command ??= locate({ ...this.options, args: this.options.args ?? [], cwd, env });
    const reader = new FrameReader();
    const child: SidecarProcess = new SidecarProcess({
      command: this.#command,
      cwd,
      env,
      onData: (data) => this.#receive(child, connection, reader, data),
      onLine: (line) => this.events.onLine(line),
    });
    const connection = new Connection((frame) => child.write(frame));
    this.#process = child;
    this.#connection = connection;
    this.gate.attach((paused) => child.pauseOutput(paused));
    void child.exited.then((exit) => this.#onExit(connection, exit));
    try {
      this.#server = await this.gate.waitFor(handshake(connection, this.#command, this.options));
      return connection;
    } catch (error) {
      child.kill();
      throw error;
    }
  }

  #receive(child: SidecarProcess, connection: Connection, reader: FrameReader, data: Uint8Array) {
    try {
      for (const body of reader.push(data)) connection.receive(body);
    } catch (error) {
      if (!(error instanceof errors.SidecarProtocolError)) throw error;
      // There is no way to find the next frame.
      connection.close(error);
      child.kill();
    }
  }

  #onExit(connection: Connection, exit: ProcessExit): void {
    const error = exitError(exit);
    const delay = this.#supervised && !this.#closing ? this.#backoff.crashed() : undefined;
    if (delay !== undefined) {
      this.#ready = neverUnhandled(this.#relaunch(delay));
    } else if (this.#supervised && !this.#closing) {
      this.#ready = neverUnhandled(Promise.reject(exitError(exit, this.#lastWord())));
    }
    connection.close(error);
    const { exitCode, signal, stderr } = exit;
    this.events.onExit({ exitCode, signal, stderr, willRestart: delay !== undefined });
  }

  #lastWord(): string {
    return this.options.restart === false ? "" : " It crashed too often, and is not started again.";
  }

  async #relaunch(delay: number): Promise<Connection> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, delay).unref();
      this.#skipDelay = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    if (this.#closing) throw new errors.SidecarClosedError();
    const connection = await this.#launch();
    this.#restarts += 1;
    this.events.onRestart({ pid: this.pid ?? 0, restarts: this.#restarts });
    return connection;
  }

  async #close(): Promise<void> {
    this.#skipDelay();
    const closed = new errors.SidecarClosedError();
    this.#ready = neverUnhandled(Promise.reject(closed));
    const child = this.#process;
    if (!child) return;
    if (this.#connection) sayGoodbye(this.#connection, closed);
    child.endInput();
    child.pauseOutput(false);
    const timer = setTimeout(() => child.kill(), CLOSE_TIMEOUT_MS);
    await child.exited;
    clearTimeout(timer);
  }
}

async function handshake(
  connection: Connection,
  command: Command,
  options: SidecarOptions,
): Promise<InitializeResult> {
  const timeoutMs = options.startTimeoutMs ?? command.startTimeoutMs;
  const timer = setTimeout(() => {
    connection.close(new errors.SidecarStartError(`${command.file} did not answer in ${timeoutMs} ms.`));
  }, timeoutMs).unref();
  try {
    const server = await connection.request("initialize", {
      protocolVersion: PROTOCOL_VERSION,
      clientInfo: options.clientInfo ?? { name: "qwen-tts-sidecar-typescript", version: VERSION },
      processId: process.pid,
    }).result;
    if (server.protocolVersion !== PROTOCOL_VERSION) throw versionError(server.protocolVersion);
    connection.notify("initialized", {});
    return server;
  } catch (error) {
    const type = error instanceof errors.SidecarResponseError ? error.type : undefined;
    throw type === "protocolVersionMismatch" ? versionError("another") : error;
  } finally {
    clearTimeout(timer);
  }
}

function sayGoodbye(connection: Connection, reason: Error): void {
  connection.request("shutdown", {}).result.catch(() => {});
  connection.notify("exit", {});
  connection.close(reason);
}

function versionError(theirs: number | string): Error {
  return new errors.SidecarVersionError(
    `The sidecar speaks protocol version ${theirs}, this client version ${PROTOCOL_VERSION}: ` +
      "update the older of the two.",
  );
}

function exitError({ error, exitCode, signal, stderr }: ProcessExit, note?: string): Error {
  return error ?? new errors.SidecarExitedError(exitCode, signal, stderr, note);
}

/** It is awaited by whoever calls next; perhaps nobody does. */
function neverUnhandled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
