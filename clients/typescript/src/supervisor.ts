import { Backoff } from "./backoff.js";
import type { Connection } from "./connection.js";
import * as errors from "./errors.js";
import type { FlowGate } from "./flow.js";
import type { ClientOptions, ExitEvent, RestartEvent } from "./options.js";
import type { InitializeResult } from "./protocol.gen.js";
import { Session } from "./session.js";
import { timerMs, unref } from "./timers.js";
import type { Connector } from "./transport.js";

export interface SupervisorEvents {
  onExit(event: ExitEvent): void;
  onRestart(event: RestartEvent): void;
  onLine(line: string): void;
}

/** Starts the process, starts it again after a crash, and ends it. */
export class Supervisor {
  #session: Session | undefined;
  #ready: Promise<Connection>;
  #server: InitializeResult | undefined;
  #backoff: Backoff;
  #skipDelay: () => void = () => {};
  #supervised = false;
  #closing: Promise<void> | undefined;
  #restarts = 0;

  constructor(
    readonly connector: Connector,
    readonly options: ClientOptions,
    readonly gate: FlowGate,
    readonly events: SupervisorEvents,
  ) {
    checkNumbers(options);
    this.#backoff = new Backoff(options.restart);
    this.#ready = neverUnhandled(Promise.reject(new errors.SidecarClosedError()));
  }

  get pid(): number | undefined {
    return this.#session?.pid;
  }

  /** The handshake's result of the last process that was started. */
  get server(): InitializeResult {
    if (!this.#server) throw new errors.SidecarClosedError();
    return this.#server;
  }

  /** Start the first process. An error is thrown to the caller, and the start is not repeated. */
  async start(): Promise<void> {
    this.#ready = neverUnhandled(this.#launch());
    await this.#ready;
    this.#supervised = true;
  }

  /** Return the current conversation; while the process is being restarted, the next one. */
  connection(): Promise<Connection> {
    return this.#ready;
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close());
  }

  async #launch(): Promise<Connection> {
    let willRestart = false;
    const session = await Session.open({
      connector: this.connector,
      client: this.options,
      gate: this.gate,
      onLine: (line) => this.events.onLine(line),
      onDown: (session, error) => (willRestart = this.#onDown(session, error)),
    });
    this.#session = session;
    void session.exited.then(({ exitCode, signal, stderr }) => {
      const error = session.down ?? new errors.SidecarClosedError();
      this.events.onExit({ exitCode, signal, stderr, willRestart, error });
    });
    this.#server = await session.start();
    return session.connection;
  }

  /** Return whether the sidecar is started again. If so, later calls wait for that. */
  #onDown(session: Session, error: errors.SidecarError): boolean {
    if (!this.#supervised || this.#closing) return false;
    const delay = this.#backoff.crashed();
    const next = delay === undefined ? Promise.reject(this.#final(error)) : this.#relaunch(session, delay);
    this.#ready = neverUnhandled(next);
    return delay !== undefined;
  }

  /** Return the error that every later call rejects with. */
  #final(error: errors.SidecarError): errors.SidecarError {
    if (this.options.restart === false || error instanceof errors.SidecarDisconnectedError) return error;
    const note = " It crashed too often and is not started again.";
    if (!(error instanceof errors.SidecarExitedError)) {
      return new errors.SidecarExitedError(null, null, "", `${note} ${error.message}`, { cause: error });
    }
    const { exitCode, signal, stderr } = error;
    return new errors.SidecarExitedError(exitCode, signal, stderr, note, { cause: error });
  }

  async #relaunch(previous: Session, delay: number): Promise<Connection> {
    await new Promise<void>((resolve) => {
      const timer = unref(setTimeout(resolve, timerMs(delay)));
      this.#skipDelay = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    await previous.gone();
    if (this.#closing) throw new errors.SidecarClosedError();
    const connection = await this.#launch();
    if (this.#closing) throw new errors.SidecarClosedError();
    this.#restarts += 1;
    this.events.onRestart({ pid: this.pid ?? 0, restarts: this.#restarts });
    return connection;
  }

  async #close(): Promise<void> {
    this.#skipDelay();
    this.#ready = neverUnhandled(Promise.reject(new errors.SidecarClosedError()));
    await this.#session?.close();
  }
}

const NUMBERS = ["highWaterMark", "startTimeoutMs", "silenceTimeoutMs"] as const;

/**
 * Refuse numbers that have no meaning. `Number(undefined)` as a time would be over at once, again and again.
 *
 * @throws SidecarError
 */
function checkNumbers(options: ClientOptions): void {
  for (const name of NUMBERS) {
    const value = options[name];
    if (value === undefined || (typeof value === "number" && value >= 0)) continue;
    throw new errors.SidecarError(`${name} must be a number that is 0 or more; it is ${String(value)}.`);
  }
}

/** Mark a promise as handled: the next call awaits it, and there may be none. */
function neverUnhandled<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
