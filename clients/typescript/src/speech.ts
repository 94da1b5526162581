import { fromBase64 } from "./base64.js";
import { Channel } from "./channel.js";
import type { Call, Connection } from "./connection.js";
import { Credit } from "./credit.js";
import { SidecarResponseError } from "./errors.js";
import type { FlowGate, KeepAlive } from "./flow.js";
import { findHeard, type Heard } from "./heard.js";
import type { SpeechParams } from "./options.js";
import type {
  AudioProgress,
  HeardSpeech,
  SentenceProgress,
  SynthesizeResult,
  WordsProgress,
} from "./protocol.gen.js";
import { type Sentence, SpokenText } from "./sentences.js";
import type { SpeechChunk, SpeechResult, SpeechSource } from "./stream.js";
import { TextFeed, type TextSource } from "./text-feed.js";
import type { AudioChunk } from "./transport.js";
import { type SentenceWords, toSentenceWords } from "./words.js";

/** What a speech needs from its client. */
export interface SpeechHost {
  connection(): Promise<Connection>;
  /** The credit of a speech that names none; undefined: it has no limit of its own. */
  readonly creditMs: number | undefined;
  readonly gate: FlowGate;
  readonly keepAlive: KeepAlive;
}

/** One `speech/synthesize` request. With a `source`, its text comes from there. */
export class WireSpeech implements SpeechSource {
  readonly encoding: SynthesizeResult["encoding"];
  readonly result: Promise<SpeechResult>;
  #settle!: { resolve(result: SpeechResult): void; reject(error: unknown): void };
  #chunks = new Channel<SpeechChunk>();
  #call: Call<SynthesizeResult> | undefined;
  #running: Promise<void> | undefined;
  #ended = false;
  #offset = 0;
  #connection: Connection | undefined;
  #paused = false;
  #sampleRate = 0;
  #endsMs = new Map<number, number>();
  /** The speech was generated to its end. */
  #generated = false;
  /** What the sidecar said that was heard of a speech that was stopped. */
  #told: HeardSpeech | undefined;
  #text: SpokenText;
  #feed: TextFeed | undefined;
  #credit: Credit | undefined;
  #sentences: Sentence[] = [];
  /** Where each sentence starts in the whole text, in code points. */
  #starts: number[] = [];
  #words: SentenceWords[] = [];
  #onSentence: (sentence: Sentence) => void = () => {};
  #onWords: (words: SentenceWords) => void = () => {};

  constructor(
    readonly host: SpeechHost,
    readonly params: SpeechParams,
    source?: TextSource,
  ) {
    this.encoding = params.encoding ?? "pcm_s16le";
    this.#text = new SpokenText(params.inputFormat === "ssml");
    this.#text.add(params.text);
    if (source) this.#feed = new TextFeed(source, this.#text);
    this.result = new Promise((resolve, reject) => (this.#settle = { resolve, reject }));
  }

  start(onSentence: (sentence: Sentence) => void, onWords: (words: SentenceWords) => void): void {
    this.#onSentence = onSentence;
    this.#onWords = onWords;
    this.#running = this.host.keepAlive.during(this.#run());
  }

  async next(): Promise<SpeechChunk | undefined> {
    const chunk = await this.host.gate.waitFor(this.#chunks.next());
    if (!chunk) return undefined;
    this.host.gate.buffer(-chunk.audio.length);
    if (!this.#ended) this.#credit?.read(chunk.samples);
    return chunk;
  }

  flush(): void {
    this.#steer("speech/flush");
  }

  pause(paused: boolean): void {
    this.#paused = paused;
    this.#steer(paused ? "speech/pause" : "speech/resume");
  }

  async stop(error: unknown, playedMs?: number): Promise<void> {
    if (!this.#ended) {
      this.#end(error);
      this.#call?.cancel(playedMs);
    }
    this.#drop();
    await this.#running;
  }

  heard(playedMs = Infinity): Heard | undefined {
    if (this.#told) {
      const { samples, sentence, textEnd } = this.#told;
      return { text: this.#text.until(textEnd), samples, sentence };
    }
    if (!this.#generated) return undefined;
    const [text, sentences, endsMs] = [this.#text.whole, this.#sentences, this.#endsMs];
    const samples = Math.min(this.#offset, Math.round((playedMs * this.#sampleRate) / 1000));
    return findHeard({ text, sentences, endsMs, sampleRate: this.#sampleRate }, samples);
  }

  /** Send a notification about the stream; before the request there is nothing to steer. */
  #steer(method: "speech/flush" | "speech/pause" | "speech/resume"): void {
    if (this.#call && !this.#ended) this.#connection?.notify(method, { token: this.#call.token });
  }

  async #run(): Promise<void> {
    try {
      const connection = (this.#connection = await this.host.connection());
      if (this.#ended) return;
      const creditMs = this.params.creditMs ?? this.host.creditMs;
      const params = { ...this.params, creditMs, moreText: this.#feed && true };
      this.#call = connection.request("speech/synthesize", params, (value) =>
        this.#onProgress(value),
      );
      const { token } = this.#call;
      if (this.#paused) this.#steer("speech/pause");
      if (typeof creditMs === "number") {
        this.#credit = new Credit(creditMs, (ms) =>
          connection.notify("speech/grantCredit", { token, ms }),
        );
      }
      if (this.#feed) void this.#write(this.#feed, connection, this.#call);
      const result = await this.#call.result;
      if (!this.#ended) this.#finish(result);
    } catch (error) {
      if (error instanceof SidecarResponseError) this.#told = error.figures.heard;
      if (!this.#ended) this.#end(error);
    }
  }

  async #write(feed: TextFeed, connection: Connection, { token, cancel }: Call<unknown>): Promise<void> {
    try {
      const ended = await feed.run((text) => connection.notify("speech/appendText", { token, text }));
      if (ended) connection.notify("speech/endText", { token });
    } catch (error) {
      if (this.#ended) return;
      this.#end(error);
      cancel();
    }
  }

  /** Newer sidecars may send other kinds. */
  #onProgress(value: AudioProgress | AudioChunk | SentenceProgress | WordsProgress): void {
    if (value.kind === "audio") this.#onAudio(value);
    else if (value.kind === "sentence") this.#onMark(value);
    else if (value.kind === "words") this.#onWordTimes(value);
  }

  #onAudio({ audio, seq, samples, frames, sentence, sampleRate }: AudioProgress | AudioChunk): void {
    if (this.#ended) return;
    if (sampleRate) {
      this.#sampleRate = sampleRate;
      this.#credit?.start(sampleRate);
    }
    const bytes = typeof audio === "string" ? fromBase64(audio) : audio;
    this.host.gate.buffer(bytes.length);
    this.#chunks.push({ audio: bytes, seq, samples, frames, offset: this.#offset, sentence });
    this.#offset += samples;
    if (frames > 0) this.#endsMs.set(sentence, (this.#offset / this.#sampleRate) * 1000);
  }

  #onMark(mark: SentenceProgress): void {
    if (this.#ended) return;
    const sentence = this.#text.take(mark);
    this.#sentences.push(sentence);
    this.#starts.push(mark.textStart);
    this.#feed?.update();
    this.#onSentence(sentence);
  }

  #onWordTimes(value: WordsProgress): void {
    const sentence = this.#sentences[value.sentence];
    if (this.#ended || !sentence) return;
    const words = toSentenceWords(value, sentence, this.#starts[value.sentence] ?? 0);
    this.#words.push(words);
    this.#onWords(words);
  }

  #finish(result: SynthesizeResult): void {
    this.#ended = this.#generated = true;
    this.#feed?.stop();
    this.#chunks.end();
    const words = this.params.timing === "word" && { words: this.#words };
    this.#settle.resolve({ ...result, sentences: this.#sentences, ...words });
  }

  #end(error: unknown): void {
    this.#ended = true;
    this.#feed?.stop();
    this.#chunks.end(error);
    this.#settle.reject(error);
  }

  /** Discard the unread audio, which then no longer counts as waiting. */
  #drop(): void {
    for (const { audio } of this.#chunks.clear()) this.host.gate.buffer(-audio.length);
  }
}
