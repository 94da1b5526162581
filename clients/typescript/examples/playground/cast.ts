import type { SpeechParams, VoiceEntry } from "qwen-tts-sidecar/connect";
import { button, element, make } from "./dom.js";
import { title } from "./words.js";

const box = element("cast");
const opener = element<HTMLButtonElement>("cast-button");

interface Row {
  element: HTMLElement;
  name: HTMLInputElement;
  voice: HTMLSelectElement;
}

/** The speakers of a script: a name in brackets says who speaks next. */
export class Cast {
  #rows: Row[] = [];
  #voices: VoiceEntry[] = [];

  constructor(
    /** Called with what to write into the text. */
    readonly insert: (text: string) => void,
  ) {
    opener.onclick = () => {
      if (this.#rows.length === 0) for (const name of ["Ann", "Bob"]) this.#add(name);
      else this.clear();
    };
  }

  /** The param `speakers`; undefined without speakers. */
  get speakers(): SpeechParams["speakers"] {
    const named = this.#rows.filter(({ name }) => name.value.trim());
    if (named.length === 0) return undefined;
    return Object.fromEntries(named.map(({ name, voice }) => [name.value.trim(), { voice: voice.value }]));
  }

  /** Offer these voices. */
  offer(voices: VoiceEntry[]): void {
    this.#voices = voices;
    for (const { voice } of this.#rows) fill(voice, voices, voice.value);
  }

  set speakers(speakers: SpeechParams["speakers"]) {
    this.clear();
    for (const [name, { voice }] of Object.entries(speakers ?? {})) this.#add(name, voice ?? undefined);
  }

  clear(): void {
    this.#rows = [];
    this.#show();
  }

  #add(name: string, chosen = this.#voices[this.#rows.length % Math.max(1, this.#voices.length)]?.voice): void {
    const field = make("input", { value: name, attributes: { "aria-label": "Name of the speaker" } });
    const voice = make("select", { attributes: { "aria-label": `Voice of ${name}` } });
    field.oninput = () => voice.setAttribute("aria-label", `Voice of ${field.value}`);
    fill(voice, this.#voices, chosen);
    const row: Row = {
      name: field,
      voice,
      element: make(
        "div",
        { className: "row" },
        field,
        voice,
        button("Insert", () => this.insert(`[${field.value.trim()}] `), { "aria-label": `Insert [${name}] into the text` }),
        button("Remove", () => this.#remove(row), { "aria-label": `Remove ${name}` }),
      ),
    };
    this.#rows.push(row);
    this.#show();
  }

  #remove(row: Row): void {
    this.#rows = this.#rows.filter((one) => one !== row);
    this.#show();
    opener.focus();
  }

  #show(): void {
    const isOpen = this.#rows.length > 0;
    box.hidden = !isOpen;
    opener.textContent = isOpen ? "− Speakers" : "+ Speakers";
    opener.setAttribute("aria-expanded", String(isOpen));
    const next = () => this.#add(["Cleo", "Dan", "Eve"][this.#rows.length - 2] ?? `Speaker ${this.#rows.length + 1}`);
    box.replaceChildren(
      make("p", { className: "small", textContent: "A name in brackets in the text says who speaks next." }),
      ...this.#rows.map(({ element }) => element),
      button("+ Speaker", next),
    );
  }
}

function fill(select: HTMLSelectElement, voices: VoiceEntry[], chosen: string | undefined): void {
  select.replaceChildren(...voices.map(({ voice }) => new Option(title(voice), voice, false, voice === chosen)));
}
