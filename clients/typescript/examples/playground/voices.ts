import type { Sidecar, VoiceEntry } from "qwen-tts-sidecar/connect";
import { button, element, make } from "./dom.js";
import type { Sampler } from "./sampler.js";
import { explain, short, title } from "./words.js";

/** The cards of voices: one is chosen, each has a sample, and saved ones can be deleted. */
export class Voices {
  entries: VoiceEntry[] = [];
  skipped: string[] = [];
  #chosen: VoiceEntry | undefined;
  #model = "";

  constructor(
    readonly sidecar: () => Sidecar,
    readonly sampler: Sampler,
    /** Called when another voice was chosen. */
    readonly onChoose: (voice: VoiceEntry) => void,
    readonly onError: (message: string) => void,
  ) {}

  get chosen(): VoiceEntry | undefined {
    return this.#chosen;
  }

  /** Show the preset voices of a model, and all saved voices; keep the chosen one, if it is still there. */
  async show(model: string): Promise<void> {
    this.#model = model;
    const [own, all] = await Promise.all([this.sidecar().voices.list(model), this.sidecar().voices.listing()]);
    this.entries = [
      ...own.filter(({ kind }) => kind === "preset"),
      ...all.voices.filter(({ kind }) => kind === "saved"),
    ];
    this.skipped = (all.skipped ?? []).map(({ file, reason }) => `${file}: ${reason}`);
    const usable = (voice: VoiceEntry) => voice.kind === "preset" || own.some((one) => same(one, voice));
    const before = this.entries.find((voice) => this.#chosen && same(voice, this.#chosen));
    this.#chosen = before ?? this.entries.find(usable);
    this.#fill();
  }

  /** Choose a voice by its name. */
  choose(name: string): void {
    const found = this.entries.find(({ voice }) => voice.toLowerCase() === name.toLowerCase());
    if (!found) return;
    this.#chosen = found;
    this.#fill();
  }

  #fill(): void {
    element("cards").replaceChildren(...this.entries.map((entry) => this.#card(entry)));
    const notes = this.entries.length === 0 ? ["This model has no voices of its own. Clone or design one."] : [];
    element("voices-note").textContent = [...notes, ...this.skipped].join("\n");
  }

  #card(entry: VoiceEntry): HTMLElement {
    const name = title(entry.voice);
    const radio = make("input", { type: "radio", name: "voice", value: entry.voice, checked: entry === this.#chosen });
    radio.onchange = () => {
      this.#chosen = entry;
      this.onChoose(entry);
    };
    const orb = make("span", { className: "orb", attributes: { "aria-hidden": "true" } });
    orb.style.setProperty("--hue", String(hue(entry.voice)));
    const words = make("span", { className: "who" }, make("strong", { textContent: name }));
    words.append(make("span", { className: "small", textContent: describe(entry) }));
    const card = make("div", { className: "voice" }, make("label", {}, radio, orb, words));
    card.append(this.#sample(entry, name));
    if (entry.kind === "saved") card.append(this.#delete(entry, name));
    return card;
  }

  #sample(entry: VoiceEntry, name: string): HTMLElement {
    const icon = make("span", { className: "icon play", attributes: { "aria-hidden": "true" } });
    const play = button("", async () => {
      play.classList.add("busy");
      try {
        await this.sampler.play(entry, entry.kind === "saved" ? entry.model : this.#model);
      } catch (error) {
        this.onError(explain(error));
      } finally {
        play.classList.remove("busy");
      }
    }, { "aria-label": `Play a sample of ${name}` });
    play.classList.add("sample");
    play.append(icon);
    return play;
  }

  /** A button that asks once more. */
  #delete(entry: VoiceEntry, name: string): HTMLElement {
    const made = button("Delete", async () => {
      if (made.textContent === "Delete") {
        made.textContent = "Really delete?";
        made.onblur = () => (made.textContent = "Delete");
        return;
      }
      try {
        await this.sidecar().voices.delete(entry.voice);
        await this.show(this.#model);
        element("tab-voices").focus();
      } catch (error) {
        this.onError(explain(error));
      }
    }, { "aria-description": `Deletes the saved voice ${name}` });
    made.classList.add("delete");
    return made;
  }
}

const same = (a: VoiceEntry, b: VoiceEntry) => a.voice === b.voice && a.kind === b.kind;

function describe({ kind, description, gender, languages, model, origin }: VoiceEntry): string {
  if (kind === "saved") return description ?? `${origin === "design" ? "Designed" : "Cloned"}, speaks with ${short(model)}`;
  return description ?? ([gender && title(gender), languages?.map(title).join(", ")].filter(Boolean).join(" · ") || "Preset voice");
}

/** Return a colour of the circle, the same for a name each time. */
const hue = (name: string) => [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7);
