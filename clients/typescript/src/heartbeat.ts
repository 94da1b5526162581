import { timerMs } from "./timers.js";

/** How often a silent process is looked at within the bound. */
const LOOKS = 4;

export interface HeartbeatHost {
  /** Asks the process for a sign of life. */
  ping(): void;
  /** False while what it says is left unread: nothing can be heard then. */
  isListening(): boolean;
  /** A ping was not answered for the whole bound, and nothing else was said. */
  onSilent(): void;
}

/**
 * Notices a process that lives but hears or says nothing. Time is counted in looks, so that neither a
 * machine that slept nor a host whose event loop was blocked makes a process look dead.
 */
export class Heartbeat {
  #silentLooks = 0;
  #timer: ReturnType<typeof setInterval>;

  constructor(
    timeoutMs: number,
    readonly host: HeartbeatHost,
  ) {
    this.#timer = setInterval(() => this.#look(), timerMs(timeoutMs / LOOKS)).unref();
  }

  /** Something came from the process. */
  heard(): void {
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
