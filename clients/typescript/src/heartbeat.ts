import { timerMs, unref } from "./timers.js";

/** Number of checks within the time limit. */
const LOOKS = 4;

export interface HeartbeatHost {
  /** Sends a ping to the process. */
  ping(): void;
  /** Whether stdout is being read: otherwise, silence means nothing. */
  isListening(): boolean;
  /** Called when nothing arrived, not even the answer to a ping, for the whole time limit. */
  onSilent(): void;
}

/**
 * Detects a process that runs but does not respond. Time is counted in checks, so that neither a machine that slept nor
 * a blocked event loop makes a process look dead.
 */
export class Heartbeat {
  #silentLooks = 0;
  #timer: ReturnType<typeof setInterval>;

  constructor(
    timeoutMs: number,
    readonly host: HeartbeatHost,
  ) {
    this.#timer = unref(setInterval(() => this.#look(), timerMs(timeoutMs / LOOKS)));
  }

  /** Note that the process has sent something. */
  onData(): void {
    this.#silentLooks = 0;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    if (!this.host.isListening()) {
      this.#silentLooks = 0;
      return;
    }
    this.#silentLooks += 1;
    if (this.#silentLooks === 1) this.host.ping();
    else if (this.#silentLooks > LOOKS) this.host.onSilent();
  }
}
