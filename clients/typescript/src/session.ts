import { Connection } from "./connection.js";
import { SidecarClosedError, SidecarError, SidecarExitedError, SidecarProtocolError } from "./errors.js";
import type { FlowGate } from "./flow.js";
import { FrameReader } from "./framing.js";
import { handshake } from "./handshake.js";
import { Heartbeat } from "./heartbeat.js";
import type { Command } from "./locate.js";
import type { SidecarOptions } from "./options.js";
import { type Pipe, type ProcessExit, SidecarProcess } from "./process.js";
import type { InitializeResult } from "./protocol.gen.js";

/** Time limit for the end of the process after `exit`; then it is killed. */
const CLOSE_TIMEOUT_MS = 5000;
/** How long to wait for a killed process. One that hangs in the system never ends. */
const KILL_TIMEOUT_MS = 2000;
/** The default of `silenceTimeoutMs`. */
const SILENCE_TIMEOUT_MS = 60_000;

export interface SessionOptions {
  command: Command;
  cwd: string;
  env: NodeJS.ProcessEnv;
  client: SidecarOptions;
  gate: FlowGate;
  onLine(line: string): void;
  /** Called once when the process can no longer be used, unless it was closed. */
  onDown(error: SidecarError): void;
}

/** One process and the conversation with it, from the handshake to the end of either. */
export class Session {
  readonly connection: Connection;
  readonly exited: Promise<ProcessExit>;
  readonly #process: SidecarProcess;
  readonly #frames = new FrameReader();
  #heartbeat: Heartbeat | undefined;
  #down: SidecarError | undefined;

  constructor(readonly options: SessionOptions) {
    const { command, cwd, env, gate, onLine } = options;
    this.#process = new SidecarProcess({
      command,
      cwd,
      env,
      onLine,
      onData: (data) => this.#receive(data),
      onLost: (pipe) => this.#onLost(pipe),
    });
    this.connection = new Connection((frame) => this.#process.write(frame), onLine);
    gate.attach((paused) => this.#process.pauseOutput(paused));
    this.exited = this.#process.exited.then((exit) => {
      this.#fail(exit.error ?? new SidecarExitedError(exit.exitCode, exit.signal, exit.stderr));
      return exit;
    });
  }

  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Why the process can no longer be used; undefined if it can. */
  get down(): SidecarError | undefined {
    return this.#down;
  }

  /** Perform the handshake. Any error ends the process. */
  async start(): Promise<InitializeResult> {
    const { command, client, gate } = this.options;
    try {
      const server = await gate.waitFor(handshake(this.connection, command, client));
      if (!this.#down) this.#watch(client.silenceTimeoutMs ?? SILENCE_TIMEOUT_MS);
      return server;
    } catch (error) {
      this.#fail(error as SidecarError);
      throw error;
    }
  }

  /** End the process. Resolves when it is gone, or cannot even be killed. */
  async close(): Promise<void> {
    const closed = new SidecarClosedError();
    if (!this.#down) requestExit(this.connection, closed);
    this.#down ??= closed;
    this.#heartbeat?.stop();
    this.#process.endInput();
    if (await within(CLOSE_TIMEOUT_MS, this.exited)) return;
    this.#process.kill();
    await this.gone();
  }

  /** Wait until the killed process has ended, or hangs in the system. */
  async gone(): Promise<void> {
    await within(KILL_TIMEOUT_MS, this.exited);
  }

  #fail(error: SidecarError): void {
    if (this.#down) return;
    // The first reason counts: the exit after this client's own signal explains nothing.
    this.#down = this.connection.closed ?? error;
    this.#heartbeat?.stop();
    this.options.onDown(this.#down);
    this.connection.close(this.#down);
    this.#process.kill();
  }

  #receive(data: Uint8Array): void {
    this.#heartbeat?.onData();
    try {
      for (const body of this.#frames.push(data)) this.connection.receive(body);
    } catch (error) {
      // The next frame cannot be found.
      this.#fail(error instanceof SidecarProtocolError ? error : notUnderstood(error));
    }
  }

  #onLost(pipe: Pipe): void {
    this.#kill(`it had closed its ${pipe} but kept running`);
  }

  #watch(timeoutMs: number): void {
    if (timeoutMs === 0) return;
    this.#heartbeat = new Heartbeat(timeoutMs, {
      ping: () => void this.connection.request("ping", {}).result.catch(() => {}),
      isListening: () => !this.options.gate.paused,
      onSilent: () => this.#kill(`it sent nothing for ${timeoutMs} ms, not even the answer to a ping`),
    });
  }

  #kill(why: string): void {
    const note = ` The client killed it: ${why}.`;
    this.#fail(new SidecarExitedError(null, "SIGKILL", this.#process.stderr, note));
  }
}

function requestExit(connection: Connection, reason: SidecarClosedError): void {
  connection.request("shutdown", {}).result.catch(() => {});
  connection.notify("exit", {});
  connection.close(reason);
}

function notUnderstood(cause: unknown): SidecarProtocolError {
  return new SidecarProtocolError(`The sidecar sent something that cannot be read: ${String(cause)}`, { cause });
}

/** Return whether the promise was fulfilled in time. */
async function within(ms: number, promise: Promise<unknown>): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms).unref();
  });
  const inTime = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}
