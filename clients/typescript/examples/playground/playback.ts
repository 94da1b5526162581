import { Player, type Position } from "./player.js";

/** How many samples had been played after how much time; both are counted in samples. */
export interface Point {
  time: number;
  played: number;
}

/** A time span in which samples were played, or will be, without a gap. */
export interface Span {
  fromMs: number;
  toMs: number;
  isPlayed: boolean;
}

const inMs = (samples: number) => (samples / Player.sampleRate) * 1000;

/** Records when each sample was played. When the samples ran out, time continued and playback did not. */
export class Playback {
  /** Between two neighbours, either all of the time was filled with samples, or none of it was. */
  readonly points: Point[] = [{ time: 0, played: 0 }];
  /** `performance.now()` when the first sample was played. */
  startedAt = Infinity;

  get last(): Point {
    return this.points.at(-1)!;
  }

  /** `performance.now()` of the last point. */
  get now(): number {
    return this.startedAt + inMs(this.last.time);
  }

  /** Return where in the audio the listener is, in milliseconds, if sound is heard so much later than it is played. */
  heardMs(latencyMs: number): number {
    const time = this.last.time - (latencyMs / 1000) * Player.sampleRate;
    const at = this.points.findLastIndex((point) => point.time <= time);
    const [from, to] = [this.points[at], this.points[at + 1]];
    if (!from) return 0;
    return inMs(Math.min(from.played + time - from.time, to?.played ?? from.played));
  }

  /** Add a report that has just arrived from the player. */
  note({ played, underrun }: Position, now: number): void {
    if (played === 0) return;
    const { last } = this;
    const time = played + underrun;
    // A report may be late, but never early.
    this.startedAt = Math.min(this.startedAt, now - inMs(time));
    const missing = time - last.time - (played - last.played);
    // The player reports when samples run out or come back, so one of these two steps is empty, or tiny.
    const wasMissing = this.points.at(-2)?.played === last.played;
    this.#add(wasMissing ? { time: last.time + missing, played: last.played } : { time: time - missing, played });
    this.#add({ time, played });
  }

  /** Return when the samples from `first` up to `end` were played, or will be without an underrun. */
  spans(first: number, end: number): Span[] {
    const spans: Span[] = [];
    const add = (a: Point, b: Point, isPlayed: boolean) => {
      const [from, to] = [Math.max(first, a.played), Math.min(end, b.played)];
      if (from >= to) return;
      const at = (sample: number) => this.startedAt + inMs(a.time + sample - a.played);
      spans.push({ fromMs: at(from), toMs: at(to), isPlayed });
    };
    this.points.forEach((point, i) => i > 0 && add(this.points[i - 1]!, point, true));
    add(this.last, { time: Infinity, played: Infinity }, false);
    return spans;
  }

  /** Add a point. If it continues the line of the last two, it replaces the last one. */
  #add(next: Point): void {
    const [a, b] = this.points.slice(-2);
    if (next.time === this.last.time) return;
    if (a && b && (a.played === b.played) === (b.played === next.played)) this.points.pop();
    this.points.push(next);
  }
}
