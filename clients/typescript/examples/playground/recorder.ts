import { toInts, wavFile } from "./samples.js";

const RATE = 24_000;
const MAX_SECONDS = 60;
/** What the sidecar reads on every machine; anything else is decoded by the browser. */
const READABLE = /\.(wav|flac|mp3|ogg|opus|aiff?)$/i;
const MAX_BYTES = 10_000_000;

/** A recording as the sidecar gets it. */
export interface Recording {
  bytes: Uint8Array<ArrayBuffer>;
  name: string;
  seconds: number;
}

/** Return a file as the sidecar can read it. */
export async function fromFile(file: File): Promise<Recording> {
  const content = await file.arrayBuffer();
  const audio = await decode(content).catch(() => undefined);
  const isSentAsItIs = READABLE.test(file.name) && file.size <= MAX_BYTES;
  if (!audio && !isSentAsItIs) throw new Error(`${file.name} is not a recording that this browser can read.`);
  const bytes = audio && !isSentAsItIs ? toWav(audio) : new Uint8Array(content);
  return { bytes, name: file.name, seconds: audio?.duration ?? 0 };
}

/** Records the microphone until `stop`. */
export class Recorder {
  #recorder: MediaRecorder | undefined;
  #frame = 0;

  get isRunning(): boolean {
    return this.#recorder !== undefined;
  }

  /**
   * Record; resolves after `stop`, or after a minute.
   *
   * @param onLevel - Called with the loudness, from 0 to 1, and the seconds so far.
   */
  async record(onLevel: (level: number, seconds: number) => void): Promise<Recording> {
    const plain = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    const stream = await navigator.mediaDevices.getUserMedia({ audio: plain });
    const recorder = (this.#recorder = new MediaRecorder(stream));
    const parts: Blob[] = [];
    recorder.ondataavailable = ({ data }) => parts.push(data);
    const ended = new Promise((resolve) => (recorder.onstop = resolve));
    const context = new AudioContext();
    this.#watch(context, stream, onLevel);
    recorder.start();
    await ended;
    cancelAnimationFrame(this.#frame);
    this.#recorder = undefined;
    for (const track of stream.getTracks()) track.stop();
    await context.close();
    const audio = await decode(await new Blob(parts).arrayBuffer());
    return { bytes: toWav(audio), name: "recording.wav", seconds: audio.duration };
  }

  stop(): void {
    if (this.#recorder?.state === "recording") this.#recorder.stop();
  }

  #watch(context: AudioContext, stream: MediaStream, onLevel: (level: number, seconds: number) => void): void {
    const analyser = context.createAnalyser();
    context.createMediaStreamSource(stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const started = performance.now();
    const look = () => {
      analyser.getFloatTimeDomainData(samples);
      const level = samples.reduce((peak, sample) => Math.max(peak, Math.abs(sample)), 0);
      const seconds = (performance.now() - started) / 1000;
      onLevel(level, seconds);
      if (seconds >= MAX_SECONDS) this.stop();
      this.#frame = requestAnimationFrame(look);
    };
    look();
  }
}

/** Decode a file to the rate of the models. */
const decode = (content: ArrayBuffer): Promise<AudioBuffer> =>
  new OfflineAudioContext(1, 1, RATE).decodeAudioData(content.slice(0));

/** Return the first minute of audio as a WAV file with one channel. */
function toWav(audio: AudioBuffer): Uint8Array<ArrayBuffer> {
  const length = Math.min(audio.length, MAX_SECONDS * audio.sampleRate);
  const mixed = new Float32Array(length);
  for (let channel = 0; channel < audio.numberOfChannels; channel++) {
    audio.getChannelData(channel).subarray(0, length).forEach((sample, i) => (mixed[i]! += sample / audio.numberOfChannels));
  }
  const [header, data] = wavFile(toInts(mixed), audio.sampleRate) as [Uint8Array, Uint8Array];
  const file = new Uint8Array(header.length + data.length);
  file.set(header);
  file.set(data, header.length);
  return file;
}
