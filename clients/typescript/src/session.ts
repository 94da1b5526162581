import { Connection } from "./connection.js";
import { SidecarClosedError, SidecarError, SidecarExitedError, SidecarProtocolError } from "./errors.js";
import type { FlowGate } from "./flow.js";
import { handshake } from "./handshake.js";
import { Heartbeat } from "./heartbeat.js";
import { killed } from "./killed.js";
import type { ClientOptions } from "./options.js";
import type { InitializeResult } from "./protocol.gen.js";
import { unref } from "./timers.js";
import type { AudioChunk, Connector, Ended, Receiver, Transport } from "./transport.js";

/** Time limit for the end of the process after `exit`; then it is killed. */
const CLOSE_TIMEOUT_MS = 5000;
/** How long to wait for a killed process. One that hangs in the system never ends. */
const KILL_TIMEOUT_MS = 2000;
/** The default of `silenceTimeoutMs`. */
const SILENCE_TIMEOUT_MS = 60_000;

export interface SessionOptions {
  connector: Connector;
  client: ClientOptions;
  gate: FlowGate;
  onLine(line: string): void;
  /** Called once when the other side can no longer be used, unless it was closed. */
  onDown(session: Session, error: SidecarError): void;
}

/** One conversation, from the handshake to its end. */
export class Session implements Receiver {
  readonly connection: Connection;
  exited!: Promise<Ended>;
  #transport!: Transport;
  #heartbeat: Heartbeat | undefined;
  #down: SidecarError | undefined;

  private constructor(readonly options: SessionOptions) {
    this.connection = new Connection((json, bytes) => this.#transport.write(json, bytes), options.onLine);
  }

  /** Start or reach the other side. */
  static async open(options: SessionOptions): Promise<Session> {
    const session = new Session(options);
    const transport = (session.#transport = await options.connector.open(session));
    options.gate.attach((paused) => transport.pauseOutput(paused));
    session.exited = transport.exited.then((end) => {
      session.#fail(end.error ?? new SidecarExitedError(end.exitCode, end.signal, end.stderr));
      return end;
    });
    return session;
  }

  get pid(): number | undefined {
    return this.#transport.pid;
  }

  /** Why the other side can no longer be used; undefined if it can. */
  get down(): SidecarError | undefined {
    return this.#down;
  }

  onMessage(json: string): void {
    this.#heartbeat?.onData();
    try {
      this.connection.receive(json);
    } catch (error) {
      this.#fail(error instanceof SidecarProtocolError ? error : notUnderstood(error));
    }
  }

  onAudio(token: number, chunk: AudioChunk): void {
    this.#heartbeat?.onData();
    this.connection.receiveAudio(token, chunk);
  }

  onLine(line: string): void {
    this.options.onLine(line);
  }

  onLost(error: SidecarError): void {
    this.#fail(error instanceof SidecarError ? error : notUnderstood(error));
  }

  /** Perform the handshake. Any error ends the process. */
  async start(): Promise<InitializeResult> {
    const { connector, client, gate } = this.options;
    try {
      const server = await gate.waitFor(handshake(this.connection, connector, client));
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
    this.#transport.endInput();
    if (await within(CLOSE_TIMEOUT_MS, this.exited)) return;
    this.#transport.kill();
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
    this.options.onDown(this, this.#down);
    this.connection.close(this.#down);
    this.#transport.kill();
  }

  #watch(timeoutMs: number): void {
    if (timeoutMs === 0) return;
    this.#heartbeat = new Heartbeat(timeoutMs, {
      ping: () => void this.connection.request("ping", {}).result.catch(() => {}),
      isListening: () => !this.options.gate.paused,
      onSilent: () => {
        const why = `it sent nothing for ${timeoutMs} ms, not even the answer to a ping`;
        this.#fail(killed(this.#transport.stderr, why));
      },
    });
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
    timer = unref(setTimeout(() => resolve(false), ms));
  });
  const inTime = await Promise.race([promise.then(() => true), late]);
  clearTimeout(timer);
  return inTime;
}
