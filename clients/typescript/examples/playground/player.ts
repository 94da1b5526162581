export interface Position {
  /** Samples, as all of these. */
  played: number;
  /** Silence since the first sample because there were no samples. */
  underrun: number;
  queued: number;
}

const START: Position = { played: 0, underrun: 0, queued: 0 };

/** Plays chunks one after another through an AudioWorklet. */
export class Player {
  readonly context: AudioContext;
  readonly analyser: AnalyserNode;
  position = START;
  #node: Promise<AudioWorkletNode> | undefined;
  /** Reports that were already on their way when it was cleared concern the audio before. */
  #isCleared = true;

  constructor(
    readonly workletUrl: string,
    readonly onPosition: (position: Position) => void = () => {},
    readonly sampleRate = 24_000,
  ) {
    this.context = new AudioContext({ sampleRate, latencyHint: "interactive" });
    this.analyser = this.context.createAnalyser();
  }

  /** Start the audio. Browsers allow that only in a user's gesture, so call it from one. */
  async start(): Promise<void> {
    this.#node ??= this.#load();
    await this.context.resume();
    await this.clear();
  }

  async push(samples: Float32Array<ArrayBuffer>): Promise<void> {
    (await this.#node)?.port.postMessage(samples, [samples.buffer]);
  }

  async clear(): Promise<void> {
    const node = await this.#node;
    this.position = START;
    this.#isCleared = false;
    node?.port.postMessage("clear");
  }

  /** Let the clock stand still, or run again. */
  async hold(isHeld: boolean): Promise<void> {
    await (isHeld ? this.context.suspend() : this.context.resume());
  }

  /** Return how much later than it is played a sample is heard, in milliseconds, as far as the browser knows. */
  latencyMs(): number {
    return 1000 * (this.context.baseLatency + this.context.outputLatency || 0);
  }

  /** Return the loudest sample that is playing now. */
  peak(): number {
    const samples = new Float32Array(this.analyser.fftSize);
    this.analyser.getFloatTimeDomainData(samples);
    return samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
  }

  #onReport(position: Position): void {
    this.#isCleared ||= position.played + position.queued === 0;
    if (!this.#isCleared) return;
    this.position = position;
    this.onPosition(position);
  }

  async #load(): Promise<AudioWorkletNode> {
    await this.context.audioWorklet.addModule(this.workletUrl);
    const node = new AudioWorkletNode(this.context, "pcm-player", { outputChannelCount: [1] });
    node.port.onmessage = ({ data }: MessageEvent<Position>) => this.#onReport(data);
    node.connect(this.analyser).connect(this.context.destination);
    return node;
  }
}
