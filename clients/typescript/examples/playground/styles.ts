import type { ModelLoadResult } from "qwen-tts-sidecar/connect";
import { button, element } from "./dom.js";
import type { Models } from "./models.js";
import { short } from "./words.js";

/** Instructions that a chip stands for. */
const STYLES: Record<string, string> = {
  Warm: "Speak warmly, as to a good friend.",
  Excited: "Speak with great excitement.",
  Whisper: "Whisper, close to the microphone.",
  Calm: "Speak slowly and calmly.",
  News: "Speak like a newsreader, clear and neutral.",
  Story: "Tell it like a bedtime story.",
  Sad: "Speak sadly, with a heavy voice.",
  Dry: "Speak with dry irony.",
};

/** Descriptions of a voice, where the model makes one of words. */
export const DESIGNS: Record<string, string> = {
  Grandfather: "An old man with a warm, deep, slightly hoarse voice.",
  Presenter: "A woman of forty, a confident radio presenter with a clear voice.",
  Child: "A cheerful girl of eight, who speaks fast.",
  Robot: "A flat, metallic voice without emotion.",
};

const input = element<HTMLInputElement>("instruct");

/** The chips, and the field that they fill. A model that cannot follow an instruction says so. */
export class Styles {
  #isOfUse = false;
  #isDesign = false;

  constructor(readonly models: Models) {
    input.oninput = () => this.#mark();
  }

  /** What to send; undefined if the model would refuse it, or there is nothing. */
  get instruct(): string | undefined {
    return this.#isOfUse ? input.value.trim() || undefined : undefined;
  }

  set instruct(text: string | undefined) {
    input.value = text ?? "";
    this.#mark();
  }

  /** Offer what the model can do. */
  offer({ abilities, model }: ModelLoadResult): void {
    const isDesign = abilities.includes("design");
    this.#isOfUse = isDesign || abilities.includes("instruct");
    // The description of a voice is no style, nor the other way round.
    if (this.#isOfUse && isDesign !== this.#isDesign) {
      input.value = "";
      this.#isDesign = isDesign;
    }
    const label = document.querySelector<HTMLElement>("#style-title label")!;
    label.textContent = isDesign ? "The voice, in words" : "Style";
    input.disabled = !this.#isOfUse;
    input.placeholder = isDesign ? "An old man with a warm voice" : "How to speak, in words";
    const other = this.models.able("instruct")[0]?.model;
    element("style-why").textContent = this.#isOfUse
      ? ""
      : `${short(model)} does not follow instructions${other ? `; ${other} does` : ""}.`;
    const chips = Object.entries(isDesign ? DESIGNS : STYLES).map(([name, text]) => {
      const chip = button(name, () => this.#toggle(text), { "aria-pressed": "false", "data-text": text });
      chip.className = "chip";
      chip.disabled = !this.#isOfUse;
      return chip;
    });
    element("chips").replaceChildren(...chips);
    this.#mark();
  }

  /** Add the instruction, or take it out. */
  #toggle(text: string): void {
    const now = input.value;
    this.instruct = now.includes(text) ? now.replace(text, "").replace(/\s+/g, " ").trim() : `${now} ${text}`.trim();
  }

  #mark(): void {
    for (const chip of document.querySelectorAll<HTMLElement>("#chips .chip")) {
      chip.setAttribute("aria-pressed", String(input.value.includes(chip.dataset.text!)));
    }
  }
}
