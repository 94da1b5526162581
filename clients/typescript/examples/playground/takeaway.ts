import type { Sidecar, SpeechParams } from "qwen-tts-sidecar/connect";
import { copyAs, type Target, whyNot } from "./copy-as.js";
import { element, save } from "./dom.js";
import { wavFile } from "./samples.js";
import type { Take } from "./take.js";
import { explain } from "./words.js";

type Encoding = NonNullable<SpeechParams["encoding"]>;

/** The files that a speech can be saved as. The first is made of what the page has, the others are spoken again. */
const FILES: { encoding: Encoding; name: string; suffix: string; type: string }[] = [
  { encoding: "wav", name: "WAV", suffix: "wav", type: "audio/wav" },
  { encoding: "mp3", name: "MP3", suffix: "mp3", type: "audio/mpeg" },
  { encoding: "flac", name: "FLAC", suffix: "flac", type: "audio/flac" },
  { encoding: "ogg_opus", name: "Opus", suffix: "opus", type: "audio/ogg" },
  { encoding: "pcm_s16le", name: "PCM, 16 bits", suffix: "s16le", type: "application/octet-stream" },
  { encoding: "pcm_f32le", name: "PCM, floats", suffix: "f32le", type: "application/octet-stream" },
];

const format = element<HTMLSelectElement>("format");
const download = element<HTMLButtonElement>("download");
const copied = element("copied");

/** What a listener takes away: a file of the speech, or how a program asks for it. */
export class Takeaway {
  take: Take | undefined;

  constructor(
    readonly sidecar: () => Sidecar,
    /** What would be spoken now, where nothing has been spoken. */
    readonly params: () => SpeechParams,
  ) {
    format.append(...FILES.map(({ name, encoding }) => new Option(name, encoding)));
    download.onclick = () => void this.#download();
    for (const copy of document.querySelectorAll<HTMLElement>(".copy")) {
      copy.onclick = () => void this.#copy(copy.dataset.as as Target, copy.textContent ?? "");
    }
  }

  offer(take: Take): void {
    if (take !== this.take) copied.textContent = "";
    this.take = take;
    download.disabled = take.samples === 0;
  }

  async #download(): Promise<void> {
    const { take } = this;
    const file = FILES.find(({ encoding }) => encoding === format.value);
    if (!take || !file) return;
    const { seed } = take.result ?? {};
    const name = `speech${seed === undefined ? "" : `-${seed}`}.${file.suffix}`;
    if (file.encoding === "wav") {
      save(name, wavFile(take.from(0), take.sampleRate), file.type);
      copied.textContent = `${name} is saved.`;
      return;
    }
    if (!take.result) {
      copied.textContent = "It did not come to its end, so it cannot be spoken again in the same way. A WAV has what has come.";
      return;
    }
    download.disabled = true;
    copied.textContent = `Speaking it again as ${file.name}, with the same seed …`;
    try {
      const params = { ...take.params, seed, encoding: file.encoding };
      save(name, [await this.sidecar().synthesize(params).bytes()], file.type);
      copied.textContent = `${name} is saved.`;
    } catch (error) {
      copied.textContent = explain(error);
    } finally {
      download.disabled = false;
    }
  }

  async #copy(target: Target, name: string): Promise<void> {
    const params = this.take ? { ...this.take.params, seed: this.take.result?.seed ?? this.take.params.seed } : this.params();
    const reason = whyNot(target, params);
    if (reason) {
      copied.textContent = reason;
      return;
    }
    try {
      await navigator.clipboard.writeText(copyAs(target, params));
      copied.textContent = `Copied as ${name}.`;
    } catch {
      copied.textContent = "The browser does not allow this page to use the clipboard.";
    }
  }
}
