import { Player, type Position } from "./player.js";
import { toFloats } from "./samples.js";
import type { Take } from "./take.js";

/** What the deck does. */
export type DeckState = "empty" | "playing" | "paused" | "ended";

/** Plays a take: while it arrives, and again from any place. */
export class Deck {
  state: DeckState = "empty";
  take: Take | undefined;
  /** The first sample that the player was given. */
  #base = 0;
  /** Samples that were played since. */
  #played = 0;
  /** The take's timeline is about its first playing, from the beginning and in order. */
  #isFirst = false;
  #players = new Map<number, Player>();
  /** Calls of the player one after another: a chunk must not overtake the seek before it. */
  #queue: Promise<unknown> = Promise.resolve();

  constructor(
    readonly workletUrl: string,
    readonly onChange: () => void,
  ) {}

  /** Sample of the take that is played now. */
  get position(): number {
    return Math.min(this.#base + this.#played, this.take?.samples ?? 0);
  }

  /** Where in the audio the listener is, in milliseconds: later than what is played, as far as the browser knows. */
  get heardMs(): number {
    if (!this.take) return 0;
    return Math.max(0, (this.position / this.take.sampleRate) * 1000 - (this.#player?.latencyMs() ?? 0));
  }

  /** The loudest sample that is playing now. */
  get peak(): number {
    return this.#player?.peak() ?? 0;
  }

  /** Begin with a take that is about to arrive. Call it in a user's gesture: browsers allow sound only then. */
  async begin(take: Take): Promise<void> {
    this.#isFirst = true;
    await this.#start(take, 0);
  }

  /** Play a take from a sample. */
  async play(take: Take, from = 0): Promise<void> {
    this.#isFirst = false;
    await this.#start(take, from);
  }

  /** Play samples of the take that have just arrived, after those before. */
  feed(take: Take, samples: Int16Array): void {
    if (take !== this.take) return;
    if (this.state === "ended") this.state = "playing";
    this.#push(samples);
  }

  /** Pause, or go on; from the beginning if it has ended. */
  async toggle(): Promise<void> {
    const { take } = this;
    if (!take) return;
    if (this.state === "ended") return this.play(take);
    const isHeld = this.state === "playing";
    if (isHeld) take.timeline.pause(take.now);
    else take.timeline.resume();
    this.state = isHeld ? "paused" : "playing";
    this.onChange();
    await this.#player?.hold(isHeld);
  }

  /** Go to a sample. What is played then is no longer part of the timeline. */
  async seek(sample: number): Promise<void> {
    const { take, state } = this;
    if (!take) return;
    await this.play(take, Math.max(0, Math.min(take.samples, Math.round(sample))));
    if (state === "paused") await this.toggle();
  }

  /** Have a take that was played before, without playing it. */
  restore(take: Take): void {
    this.take = take;
    this.#base = take.samples;
    this.#played = 0;
    this.state = "ended";
    this.onChange();
  }

  /** Stop the sound. What has arrived can be played again. */
  async stop(): Promise<void> {
    if (!this.take) return;
    await this.#player?.clear();
    this.state = "ended";
    this.onChange();
  }

  async #start(take: Take, from: number): Promise<void> {
    if (this.take && this.take.sampleRate !== take.sampleRate) void this.#player?.clear();
    this.take = take;
    this.state = "playing";
    this.#base = from;
    this.#played = 0;
    const player = this.#player!;
    const waiting = take.chunks.length > 0 ? take.from(from) : undefined;
    this.#queue = player.start();
    if (waiting) this.#push(waiting);
    this.onChange();
    await this.#queue;
  }

  #push(samples: Int16Array): void {
    const player = this.#player!;
    const floats = toFloats(samples);
    this.#queue = this.#queue.then(() => player.push(floats));
  }

  /** The player of this take's rate, which is that of its AudioContext. */
  get #player(): Player | undefined {
    const { take } = this;
    if (!take) return undefined;
    let player = this.#players.get(take.sampleRate);
    if (!player) {
      player = new Player(this.workletUrl, (position) => this.#onPosition(take.sampleRate, position), take.sampleRate);
      this.#players.set(take.sampleRate, player);
    }
    return player;
  }

  #onPosition(rate: number, position: Position): void {
    const { take } = this;
    if (!take || take.sampleRate !== rate || this.state === "ended") return;
    this.#played = position.played;
    if (this.#isFirst) take.timeline.report(position, take.now);
    if (take.timeline.isComplete && this.position >= take.samples) this.state = "ended";
    this.onChange();
  }
}
