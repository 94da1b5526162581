// Plays samples through an AudioWorklet, and says whether the browser lets it.

import type { AudioStatistics, Position } from "../types.js";

/** The part of the browser that is used, so that a test can stand in for it. */
export interface Browser {
  createContext(): AudioContext;
  createNode(context: AudioContext): AudioWorkletNode;
  /** Milliseconds. */
  now(): number;
}

export interface SoundEvents {
  onPosition(position: Position): void;
  /** Whether sound that should be heard is refused, until the person has clicked. */
  onBlocked(isBlocked: boolean): void;
}

/** What the worklet reports, in samples. */
interface Report {
  played: number;
  queued: number;
  underrun: number;
}

/** Milliseconds between two reports to the extension. The worklet's are more frequent. */
const TURN_MS = 60;
/** Milliseconds that a context may take to start before it counts as refused. */
const START_MS = 500;
/** Milliseconds after the last sound after which the context sleeps. */
const SLEEP_MS = 2000;

const NOTHING: Report = { played: 0, queued: 0, underrun: 0 };

export class Sound {
  isBlocked = false;
  #context: AudioContext | undefined;
  #node: Promise<AudioWorkletNode> | undefined;
  #analyser: AnalyserNode | undefined;
  #take = -1;
  #report = NOTHING;
  /** Until the worklet has cleared its queue, its reports are those of the take before. */
  #isCleared = true;
  #wantsSound = false;
  #reported = { at: -Infinity, played: -1, queued: -1 };
  #total = { played: 0, received: 0 };
  /** Samples of the present take that the worklet was given. */
  #given = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    readonly workletUrl: string,
    readonly events: SoundEvents,
    readonly browser: Browser,
  ) {}

  begin(take: number): Promise<void> {
    this.#take = take;
    return this.#restart(true);
  }

  stop(): Promise<void> {
    this.#take = -1;
    return this.#restart(false);
  }

  async push(take: number, pcm: ArrayBuffer): Promise<void> {
    const samples = toFloats(pcm);
    this.#total.received += samples.length;
    const node = await this.#node;
    if (take !== this.#take) return;
    this.#given += samples.length;
    node?.port.postMessage(samples, [samples.buffer]);
  }

  pause(): void {
    this.#want(false);
    void this.#context?.suspend();
  }

  resume(): void {
    this.#want(true);
  }

  /** Ask for sound again, in a gesture of the person. */
  unblock(): void {
    void this.#context?.resume();
  }

  measure(): AudioStatistics | undefined {
    const [context, analyser] = [this.#context, this.#analyser];
    if (!context || !analyser) return undefined;
    const samples = new Float32Array(analyser.fftSize);
    analyser.getFloatTimeDomainData(samples);
    return {
      state: context.state,
      currentTime: context.currentTime,
      sampleRate: context.sampleRate,
      ...this.#report,
      queued: this.#given - this.#report.played, // While the context sleeps, nothing is reported.
      totalPlayed: this.#total.played,
      totalReceived: this.#total.received,
      rms: Math.sqrt(samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length),
      peak: samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0),
      isBlocked: this.isBlocked,
    };
  }

  async #restart(wantsSound: boolean): Promise<void> {
    this.#node ??= this.#load();
    this.#want(wantsSound);
    const node = await this.#node;
    this.#report = NOTHING;
    this.#given = 0;
    this.#isCleared = false;
    node.port.postMessage("clear");
  }

  async #load(): Promise<AudioWorkletNode> {
    const context = this.browser.createContext();
    this.#context = context;
    context.onstatechange = () => this.#onState();
    await context.audioWorklet.addModule(this.workletUrl);
    const node = this.browser.createNode(context);
    node.port.onmessage = ({ data }: MessageEvent<Report>) => this.#onReport(data);
    this.#analyser = context.createAnalyser();
    node.connect(this.#analyser).connect(context.destination);
    return node;
  }

  /** The context sleeps while no sound is wanted, but not at once: what was played last is still on its way. */
  #want(wantsSound: boolean): void {
    this.#wantsSound = wantsSound;
    clearTimeout(this.#timer);
    const context = this.#context;
    if (!context) return;
    if (!wantsSound) {
      this.#setBlocked(false);
      this.#timer = setTimeout(() => void context.suspend(), SLEEP_MS);
    } else if (context.state !== "running") {
      // A refused `resume` neither resolves nor rejects until the person has clicked.
      void context.resume();
      this.#timer = setTimeout(() => this.#onState(), START_MS);
    }
  }

  #onState(): void {
    const isRunning = this.#context?.state === "running";
    if (isRunning || !this.#wantsSound) this.#setBlocked(false);
    else this.#setBlocked(true);
  }

  #setBlocked(isBlocked: boolean): void {
    if (this.isBlocked === isBlocked) return;
    this.isBlocked = isBlocked;
    this.events.onBlocked(isBlocked);
  }

  #onReport(report: Report): void {
    this.#isCleared ||= report.played + report.queued === 0;
    if (!this.#isCleared) return;
    this.#total.played += report.played - this.#report.played;
    this.#report = report;
    const now = this.browser.now();
    const { at, played, queued } = this.#reported;
    if (played === report.played && queued === report.queued) return;
    if (report.queued > 0 && now - at < TURN_MS) return;
    this.#reported = { at: now, played: report.played, queued: report.queued };
    const context = this.#context;
    const latencyMs = 1000 * ((context?.baseLatency ?? 0) + (context?.outputLatency ?? 0) || 0);
    this.events.onPosition({ take: this.#take, ...report, latencyMs });
  }
}

/** Return samples of 16 bits as floats. */
function toFloats(pcm: ArrayBuffer): Float32Array<ArrayBuffer> {
  const view = new DataView(pcm);
  return Float32Array.from({ length: pcm.byteLength / 2 }, (_, i) => view.getInt16(2 * i, true) / 32768);
}
