import type { Sidecar, VoiceEntry } from "qwen-tts-sidecar/connect";
import { concat16, toFloats } from "./samples.js";
import { title } from "./words.js";

/** What a voice says of itself, in the language in which it sounds best. `{}` is its name. */
const GREETINGS: Record<string, string> = {
  chinese: "你好，我是{}。这就是我的声音。",
  japanese: "こんにちは、{}です。これが私の声です。",
  korean: "안녕하세요, {}입니다. 이것이 제 목소리입니다.",
  german: "Hallo, ich bin {}. So klinge ich.",
  french: "Bonjour, je suis {}. Voici ma voix.",
  spanish: "Hola, soy {}. Así suena mi voz.",
  italian: "Ciao, sono {}. Questa è la mia voce.",
  portuguese: "Olá, eu sou {}. Esta é a minha voz.",
  russian: "Привет, меня зовут {}. Вот мой голос.",
};
const ENGLISH = "Hello, I am {}. This is how I sound.";

interface Sample {
  samples: Int16Array<ArrayBuffer>;
  sampleRate: number;
}

/** Speaks a sentence with each voice when it is first asked for, and keeps it. */
export class Sampler {
  readonly #kept = new Map<string, Promise<Sample>>();
  #context: AudioContext | undefined;
  #source: AudioBufferSourceNode | undefined;
  #turn = 0;

  constructor(readonly sidecar: () => Sidecar) {}

  /** Play a voice's sample; resolves when it has ended, or another one has begun. */
  async play(voice: VoiceEntry, model: string): Promise<void> {
    this.stop();
    const turn = this.#turn;
    this.#context ??= new AudioContext();
    await this.#context.resume();
    const { samples, sampleRate } = await this.#sample(voice, model);
    if (turn !== this.#turn) return;
    const buffer = this.#context.createBuffer(1, samples.length, sampleRate);
    buffer.copyToChannel(toFloats(samples), 0);
    const source = (this.#source = this.#context.createBufferSource());
    source.buffer = buffer;
    source.connect(this.#context.destination);
    const ended = new Promise((resolve) => (source.onended = resolve));
    source.start();
    await ended;
  }

  stop(): void {
    this.#turn += 1;
    this.#source?.stop();
    this.#source = undefined;
  }

  /** Number of samples that are kept. */
  get count(): number {
    return this.#kept.size;
  }

  #sample(voice: VoiceEntry, model: string): Promise<Sample> {
    const key = JSON.stringify([model, voice.voice, voice.created]);
    const sample = this.#kept.get(key) ?? this.#speak(voice, model);
    this.#kept.set(key, sample);
    sample.catch(() => this.#kept.delete(key));
    return sample;
  }

  async #speak({ voice, languages, language }: VoiceEntry, model: string): Promise<Sample> {
    const native = languages?.[0] ?? language ?? "english";
    const text = (GREETINGS[native] ?? ENGLISH).replace("{}", title(voice));
    const stream = this.sidecar().synthesize({ text, voice, model, seed: 1 });
    const parts: Int16Array[] = [];
    for await (const { audio } of stream) parts.push(new Int16Array(audio.buffer));
    const { sampleRate } = await stream.final();
    return { samples: concat16(parts), sampleRate };
  }
}
