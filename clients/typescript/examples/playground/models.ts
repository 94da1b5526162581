import type { ModelEntry, ModelLoadResult, Sidecar } from "qwen-tts-sidecar/connect";
import { button, element, make } from "./dom.js";
import type { Downloads } from "./downloads.js";
import { bytes } from "./words.js";

const dialog = element<HTMLDialogElement>("models");

/** What abilities mean for the person at the page, in the order of the list. */
const CAN: Record<string, string> = {
  presets: "voices of its own",
  instruct: "styles in words",
  cloning: "cloned voices",
  design: "voices in words",
  wordTimes: "word times",
};

/** The models: a list to choose from, and what is loaded. */
export class Models {
  entries: ModelEntry[] = [];
  /** The model that speaks. */
  chosen: ModelLoadResult | undefined;
  /** What was learned by loading: the list has no abilities of models that are not in the catalogue. */
  readonly #abilities = new Map<string, ModelLoadResult["abilities"]>();

  constructor(
    readonly sidecar: () => Sidecar,
    readonly downloads: Downloads,
    /** Called with a model's name when it is to be used. */
    readonly use: (model: string) => Promise<unknown>,
  ) {
    element("model").onclick = () => void this.open();
    element("models-close").onclick = () => dialog.close();
    element("other").onsubmit = (event) => {
      event.preventDefault();
      const name = element<HTMLInputElement>("other-name").value.trim();
      if (name) this.#choose(name);
    };
  }

  async open(): Promise<void> {
    await this.refresh();
    dialog.showModal();
  }

  /** Ask for the list again. */
  async refresh(): Promise<void> {
    const { models, freeBytes, usedBytes } = await this.sidecar().models.listing();
    this.entries = models
      .map((entry) => ({ ...entry, abilities: entry.abilities ?? this.#abilities.get(entry.model) }))
      .filter(({ abilities }) => !abilities?.includes("aligning"));
    const used = usedBytes ? `Downloaded models take ${bytes(usedBytes)}; ` : "";
    element("models-space").textContent = `${used}${bytes(freeBytes)} of the disk are free.`;
    this.#fill();
  }

  /** Load a model that is on this machine. */
  async load(model: string, signal?: AbortSignal): Promise<ModelLoadResult> {
    this.chosen = await this.sidecar().models.load(model, { signal });
    this.#abilities.set(this.chosen.model, this.chosen.abilities);
    return this.chosen;
  }

  /** Return the entry of a model that can do something, those on this machine first. */
  able(ability: string): ModelEntry[] {
    const all = this.entries.filter(({ abilities }) => abilities?.includes(ability as never));
    return all.sort((a, b) => rank(a) - rank(b));
  }

  #choose(model: string): void {
    dialog.close();
    void this.use(model);
  }

  #fill(): void {
    this.downloads.forget();
    const sorted = this.entries.toSorted((a, b) => rank(a) - rank(b));
    element("model-list").replaceChildren(...sorted.map((entry) => this.#row(entry)));
  }

  #row(entry: ModelEntry): HTMLElement {
    const { model, abilities, memoryBytes, fault } = entry;
    const isChosen = model === this.chosen?.model;
    const can = Object.entries(CAN).flatMap(([ability, words]) => (abilities?.includes(ability as never) ? [words] : []));
    const memory = memoryBytes && `${bytes(memoryBytes)} of memory`;
    const detail = [can.join(", ") || "unknown until it is loaded", memory].filter(Boolean).join(" · ");
    return make(
      "li",
      { className: isChosen ? "chosen" : "" },
      make("div", {}, make("strong", { textContent: model }), make("p", { className: "small", textContent: fault ?? detail })),
      isHere(entry)
        ? button(isChosen ? "In use" : "Use", () => this.#choose(model), { "aria-label": `${isChosen ? "In use" : "Use"}: ${model}` })
        : this.downloads.control(entry),
    );
  }
}

export const isHere = ({ state }: ModelEntry) => state !== "known";

const rank = ({ state }: ModelEntry) => ["loaded", "bundled", "cached", "known"].indexOf(state);
