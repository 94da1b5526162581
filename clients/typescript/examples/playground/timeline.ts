/** What the player reports: samples played, and the silence because there were none, in samples. */
export interface Report {
  played: number;
  underrun: number;
}

/** A chunk: when it arrived, and which samples it has. */
export interface Arrival {
  at: number;
  first: number;
  end: number;
}

/** A time in which samples were played, the audio had run out, or the listener had paused. */
export interface Stretch {
  kind: "played" | "gap" | "paused";
  from: number;
  to: number;
}

/** A moment of the player's clock, which stands still in a pause, and the samples that were played until then. */
interface Point {
  time: number;
  played: number;
}

/** The player's clock since it last began to run: the sample of its clock, and the wall time of the clock's zero. */
interface Run {
  since: number;
  zero: number;
}

/**
 * Records when audio arrived and when it was heard. All times are milliseconds since the speech was asked for.
 *
 * Between two neighbouring points, either all of the time was filled with samples, or none of it was.
 */
export class Timeline {
  readonly arrivals: Arrival[] = [];
  readonly #points: Point[] = [{ time: 0, played: 0 }];
  readonly #runs: Run[] = [{ since: 0, zero: Infinity }];
  #pausedAt: number | undefined;
  /** All audio has arrived, so that silence after it is no gap. */
  isComplete = false;

  constructor(readonly sampleRate: number) {}

  /** Samples that have arrived. */
  get samples(): number {
    return this.arrivals.at(-1)?.end ?? 0;
  }

  /** Samples that were played. */
  get played(): number {
    return this.#last.played;
  }

  /** When the first sample was played; undefined before that. */
  get startedAt(): number | undefined {
    const { zero } = this.#runs[0]!;
    return zero < Infinity ? zero : undefined;
  }

  /** Audio that has arrived and was not played yet, in milliseconds. */
  get aheadMs(): number {
    return this.#ms(this.samples - this.played);
  }

  get gapMs(): number {
    return this.#gaps().reduce((sum, { from, to }) => sum + to - from, 0);
  }

  get gapCount(): number {
    return this.#gaps().length;
  }

  /** Note a chunk of so many samples. */
  arrive(at: number, samples: number): void {
    this.arrivals.push({ at, first: this.samples, end: this.samples + samples });
  }

  /** Note a report of the player that has just come. */
  report({ played, underrun }: Report, at: number): void {
    if (played === 0) return;
    const last = this.#last;
    const time = played + underrun;
    const run = this.#runs.at(-1)!;
    // A report may be late, but never early.
    if (this.#pausedAt === undefined) run.zero = Math.min(run.zero, at - this.#ms(time));
    const missing = time - last.time - (played - last.played);
    // The player reports when samples run out or come back, so one of these two steps is empty, or tiny.
    const wasMissing = this.#points.at(-2)?.played === last.played;
    this.#add(wasMissing ? { time: last.time + missing, played: last.played } : { time: time - missing, played });
    this.#add({ time, played });
  }

  /** The listener has paused. */
  pause(at: number): void {
    this.#pausedAt ??= at;
  }

  /** The listener goes on: the player's clock runs again from where it stood. */
  resume(): void {
    if (this.#pausedAt === undefined) return;
    this.#pausedAt = undefined;
    if (this.startedAt !== undefined) this.#runs.push({ since: this.#last.time, zero: Infinity });
  }

  /** Return what happened, in order; nothing before the first sample was played. */
  stretches(): Stretch[] {
    const found: Stretch[] = [];
    this.#runs.forEach(({ since, zero }, i) => {
      if (zero === Infinity) return;
      const until = this.#runs[i + 1]?.since ?? Infinity;
      const before = found.at(-1);
      if (before) add(found, { kind: "paused", from: before.to, to: zero + this.#ms(since) });
      for (const [a, b] of this.#pairs()) {
        const [from, to] = [Math.max(a.time, since), Math.min(b.time, until)];
        const kind = b.played > a.played ? "played" : "gap";
        add(found, { kind, from: zero + this.#ms(from), to: zero + this.#ms(to) });
      }
    });
    if (this.isComplete && this.played >= this.samples && found.at(-1)?.kind === "gap") found.pop();
    return found;
  }

  /** Return when the audio will have been played if none of it runs out. */
  playedBy(): number {
    const last = this.stretches().at(-1);
    return last ? last.to + this.aheadMs : 0;
  }

  get #last(): Point {
    return this.#points.at(-1)!;
  }

  #ms = (samples: number) => (samples / this.sampleRate) * 1000;

  #gaps(): Stretch[] {
    return this.stretches().filter(({ kind }) => kind === "gap");
  }

  *#pairs(): Generator<[Point, Point]> {
    for (let i = 1; i < this.#points.length; i++) yield [this.#points[i - 1]!, this.#points[i]!];
  }

  /** Add a point. If it continues the line of the last two, it replaces the last one. */
  #add(next: Point): void {
    const [a, b] = this.#points.slice(-2);
    if (next.time === this.#last.time) return;
    if (a && b && (a.played === b.played) === (b.played === next.played)) this.#points.pop();
    this.#points.push(next);
  }
}

/** Add a stretch, if it has a length. */
function add(found: Stretch[], stretch: Stretch): void {
  if (stretch.to - stretch.from > 0.01) found.push(stretch);
}
