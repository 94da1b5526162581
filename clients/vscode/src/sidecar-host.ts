// The sidecar of this window: started on first use, again on the first use after its end, and ended when it idles.

import type { Sidecar } from "qwen-tts-sidecar";

export interface HostOptions {
  /** Find and start the sidecar, or connect to one. */
  open(): Promise<Sidecar>;
  /** Milliseconds without use after which it is ended; 0: never. It is asked each time. */
  idleMs(): number;
  log(line: string): void;
}

export class SidecarHost {
  #opening: Promise<Sidecar> | undefined;
  #open: Sidecar | undefined;
  #uses = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(readonly options: HostOptions) {}

  /** The process id; undefined if there is no process. */
  get pid(): number | undefined {
    return this.#open?.pid;
  }

  /** Do something with the sidecar, which is not ended meanwhile for want of use. */
  async use<T>(work: (sidecar: Sidecar) => Promise<T>): Promise<T> {
    this.#uses += 1;
    clearTimeout(this.#timer);
    try {
      return await work(await this.#get());
    } finally {
      this.#uses -= 1;
      this.#waitForUse();
    }
  }

  /** End the sidecar. What is pending rejects. */
  async end(): Promise<void> {
    clearTimeout(this.#timer);
    const opening = this.#opening;
    this.#forget(opening);
    const sidecar = await opening?.catch(() => undefined);
    await sidecar?.close();
  }

  /** A start that failed is not kept: the next use tries again. */
  #get(): Promise<Sidecar> {
    if (this.#opening) return this.#opening;
    const opening = this.options.open();
    this.#opening = opening;
    opening.then(
      (sidecar) => this.#watch(sidecar, opening),
      () => this.#forget(opening),
    );
    return opening;
  }

  #watch(sidecar: Sidecar, opening: Promise<Sidecar>): void {
    if (this.#opening !== opening) return; // It was ended while it started.
    this.#open = sidecar;
    this.options.log(`The sidecar runs${sidecar.pid ? ` as process ${sidecar.pid}` : ""}.`);
    sidecar.on("exit", ({ error, willRestart }) => {
      this.options.log(error.message);
      if (!willRestart) this.#forget(opening);
    });
  }

  #forget(opening: Promise<Sidecar> | undefined): void {
    if (this.#opening !== opening) return;
    this.#opening = this.#open = undefined;
  }

  #waitForUse(): void {
    const idleMs = this.options.idleMs();
    if (this.#uses > 0 || !this.#opening || idleMs === 0) return;
    this.#timer = setTimeout(() => {
      this.options.log(`The sidecar is ended, since nothing was read for ${Math.round(idleMs / 60_000)} minutes.`);
      void this.end();
    }, idleMs);
    this.#timer.unref();
  }
}
