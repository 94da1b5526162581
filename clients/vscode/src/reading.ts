// One text that is read aloud: what is heard of it, and where the listener wants to be in it.

import { SidecarResponseError, type LiveSpeechParams } from "qwen-tts-sidecar";
import type { LiveText } from "./live-text.js";
import { Request, type Speaker } from "./request.js";
import type { Heard, TimedSentence } from "./timeline.js";
import { SAMPLE_RATE, type Outcome, type Position } from "./types.js";

/** What plays the samples. */
export interface Sound {
  /** Throw away all audio, and play what follows; return the number of the take that begins, another one each time. */
  begin(): number;
  push(take: number, pcm: Uint8Array): void;
  pause(): void;
  resume(): void;
  stop(): void;
}

export interface ReadingOptions {
  text: LiveText;
  /** Where in the text to begin. */
  start: number;
  speaker: Speaker;
  /** Return how to speak. It is asked for each request. */
  params(): LiveSpeechParams;
  sound: Sound;
  /** Another sentence or word is heard, or the state is another one. */
  onChange(): void;
  /** It is over. With an error, the text is still open, and can be read on from `place`. */
  onEnd(error?: unknown): void;
}

/** How long after its start a sentence is begun again by `previous`, in place of the one before it. */
const AGAIN_MS = 1500;
const NOTHING: Heard = { sentence: undefined, word: undefined };

const inMs = (samples: number) => (samples / SAMPLE_RATE) * 1000;
const inSamples = (ms: number) => Math.round((ms / 1000) * SAMPLE_RATE);

export class Reading {
  isPaused = false;
  /** Whether any sound has been played. */
  isHeard = false;
  heard = NOTHING;
  #request: Request | undefined;
  #take = -1;
  /** The sample of the request with which the take began. */
  #first = 0;
  #played = 0;
  /** Samples that were played in earlier takes. */
  #before = 0;
  #starts = new Set<number>();
  #heardTo: number;
  #isOver = false;
  #isFinished = false;

  constructor(readonly options: ReadingOptions) {
    this.#heardTo = options.start;
  }

  start(): void {
    this.#ask(this.options.start);
  }

  /** Where in the text it would go on. */
  get place(): number {
    return this.heard.sentence?.textStart ?? this.#request?.start ?? this.options.start;
  }

  get outcome(): Outcome {
    const { text } = this.options.text;
    const heardMs = Math.round(inMs(this.#before + this.#played));
    return { finished: this.#isFinished, heardMs, heardText: text.slice(this.options.start, this.#heardTo) };
  }

  pause(): void {
    this.#setPaused(true);
  }

  resume(): void {
    this.#setPaused(false);
  }

  next(): void {
    const { sentence } = this.heard;
    if (!sentence || this.#isOver) return;
    const next = this.#request?.timeline.after(sentence);
    if (next) return this.#jump(next.textStart);
    const { text } = this.options;
    if (text.isWhole && text.text.slice(sentence.textEnd).trim() === "") return this.#end(true);
    this.#ask(sentence.textEnd);
  }

  previous(): void {
    const { sentence } = this.heard;
    if (!sentence || this.#isOver) return;
    const before = [...this.#starts].filter((start) => start < sentence.textStart);
    const isNew = this.#ms - sentence.startMs <= AGAIN_MS;
    this.#jump(isNew && before.length > 0 ? Math.max(...before) : sentence.textStart);
  }

  /** Say the present sentence again, in the way that `params` says now, and go on. */
  again(): void {
    if (!this.#isOver) this.#ask(this.place);
  }

  stop(): void {
    this.#end(false);
  }

  /** Stop, and leave the text open, so that another reading can go on. */
  halt(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#request?.cancel();
    this.options.sound.stop();
  }

  /** Take a report of the sound. */
  onPosition({ take, played, latencyMs }: Position): void {
    if (take !== this.#take || this.#isOver || !this.#request) return;
    this.#played = played;
    this.#request.heard(this.#first + played);
    const audible = Math.max(0, played - inSamples(latencyMs));
    if (played > 0) this.#show(this.#request.timeline.at(inMs(this.#first + audible)));
    this.#endIfHeard();
  }

  get #ms(): number {
    return inMs(this.#first + this.#played);
  }

  #setPaused(isPaused: boolean): void {
    if (this.isPaused === isPaused || this.#isOver) return;
    this.isPaused = isPaused;
    if (isPaused) this.options.sound.pause();
    else this.options.sound.resume();
    this.options.onChange();
  }

  /** Ask the sidecar for the text from a place on. */
  #ask(start: number): void {
    this.#request?.cancel();
    const request = new Request(this.options.text, start, {
      onSamples: (pcm) => request === this.#request && this.options.sound.push(this.#take, pcm),
      onComplete: () => this.#endIfHeard(),
      onError: (error) => (start > this.options.start && isSilent(error) ? this.#end(true) : this.#end(false, error)),
    });
    this.#request = request;
    this.heard = NOTHING;
    this.#begin(request, 0);
    request.send(this.options.speaker, this.options.params());
  }

  /** Go to a sentence: in the audio that is here, or by another request. */
  #jump(textStart: number): void {
    const request = this.#request;
    const sentence = request?.timeline.starting(textStart);
    const first = sentence && inSamples(sentence.startMs);
    // A sentence is announced before its audio, and a pause before it may not be here yet.
    if (!request || first === undefined || first < request.tape.start || first > request.tape.end) {
      return this.#ask(textStart);
    }
    this.heard = { sentence, word: undefined };
    this.#begin(request, first);
    for (const pcm of request.tape.from(first)) this.options.sound.push(this.#take, pcm);
    this.#endIfHeard(); // What is left may be silent.
  }

  /** Begin another take, with a sample of the request's audio. */
  #begin(request: Request, first: number): void {
    this.#before += this.#played;
    this.#first = first;
    this.#played = 0;
    this.#take = this.options.sound.begin();
    request.heard(first);
    this.isPaused = false;
    this.options.onChange();
  }

  #show(heard: Heard): void {
    const isSame = heard.sentence === this.heard.sentence && heard.word === this.heard.word;
    if (isSame && this.isHeard) return;
    this.isHeard = true;
    this.heard = heard;
    if (heard.sentence) this.#note(heard.sentence);
    this.options.onChange();
  }

  #note({ textStart, textEnd }: TimedSentence): void {
    this.#starts.add(textStart);
    this.#heardTo = Math.max(this.#heardTo, textEnd);
  }

  #endIfHeard(): void {
    const request = this.#request;
    if (request?.isComplete && this.#first + this.#played >= request.tape.end) this.#end(true);
  }

  #end(isFinished: boolean, error?: unknown): void {
    if (this.#isOver) return;
    this.#isFinished = isFinished;
    this.halt();
    if (error === undefined) void this.options.text.close().catch(() => {});
    this.options.onEnd(error);
  }
}

/** Return whether a text has nothing to say. After the last sentence there may be code, for example. */
const isSilent = (error: unknown) =>
  error instanceof SidecarResponseError && error.type === "invalidParams" && error.field === "text";
