import type { ModelEntry, Sidecar, VoiceParams } from "qwen-tts-sidecar/connect";
import { button, make } from "./dom.js";
import type { Downloads } from "./downloads.js";
import { isHere, type Models } from "./models.js";
import { explain, isStopped, title } from "./words.js";

/** What the panels that make a voice have in common: names, models, the steps of the work, and its end. */
export interface Workshop {
  sidecar: () => Sidecar;
  models: Models;
  downloads: Downloads;
  /** Called with the name of a new voice. */
  onVoice: (voice: string, model: string) => Promise<void>;
}

const STAGES: Record<string, string> = {
  resolving: "Looking for the model …",
  downloading: "Downloading the model …",
  loading: "Loading the model …",
  designing: "Speaking with the new voice …",
  encoding: "Reading the recording …",
  saving: "Saving …",
};

/** A choice among the models that can do something, with a download if the chosen one is not here. */
export class ModelChoice {
  readonly element = make("div", { className: "needs" });
  readonly #select = make("select");
  readonly #note = make("div");
  #entries: ModelEntry[] = [];
  /** What the person has chosen; otherwise it is the first, which is on this machine if any is. */
  #wanted: string | undefined;

  constructor(
    readonly workshop: Workshop,
    readonly ability: string,
    label: string,
  ) {
    this.element.append(make("label", {}, label, this.#select), this.#note);
    this.#select.onchange = () => {
      this.#wanted = this.model;
      this.#show();
    };
  }

  get model(): string {
    return this.#select.value;
  }

  get isHere(): boolean {
    const entry = this.#entries.find(({ model }) => model === this.model);
    return entry !== undefined && isHere(entry);
  }

  /** Make the list again. */
  refresh(): void {
    this.#entries = this.workshop.models.able(this.ability);
    const name = (entry: ModelEntry) => (isHere(entry) ? entry.model : `${entry.model} (not here yet)`);
    this.#select.replaceChildren(...this.#entries.map((entry) => new Option(name(entry), entry.model)));
    if (this.#entries.some(({ model }) => model === this.#wanted)) this.#select.value = this.#wanted!;
    this.#show();
  }

  #show(): void {
    const entry = this.#entries.find(({ model }) => model === this.model);
    this.#note.replaceChildren(...(entry && !isHere(entry) ? [this.workshop.downloads.control(entry)] : []));
  }
}

/** The end of a form that makes a voice: its button, how far it is, and what went wrong. */
export class Making {
  readonly element = make("div", { className: "row" });
  readonly #status = make("p", { className: "small", attributes: { role: "status" } });
  readonly #submit = make("button", { type: "submit", className: "primary", textContent: "Save the voice" });
  readonly #cancel = button("Cancel", () => this.#controller?.abort());
  #controller: AbortController | undefined;

  constructor(readonly workshop: Workshop) {
    this.#cancel.hidden = true;
    this.element.append(this.#submit, this.#cancel, this.#status);
  }

  say(text: string, isWrong = false): void {
    this.#status.textContent = text;
    this.#status.classList.toggle("wrong", isWrong);
  }

  /** Create the voice, and show how far it is. */
  async run(params: VoiceParams): Promise<void> {
    this.#controller = new AbortController();
    this.#busy(true);
    try {
      const { signal } = this.#controller;
      const onProgress = ({ stage }: { stage: string }) => this.say(STAGES[stage] ?? stage);
      const { voice, model, warnings } = await this.workshop.sidecar().voices.create(params, { signal, onProgress });
      await this.workshop.onVoice(voice, model);
      this.say([`${title(voice)} is saved, and chosen.`, ...(warnings ?? []).map(({ message }) => message)].join("\n"));
    } catch (error) {
      if (isStopped(error)) this.say("Cancelled.");
      else this.say(explain(error), true);
    } finally {
      this.#busy(false);
    }
  }

  #busy(isBusy: boolean): void {
    this.#submit.disabled = isBusy;
    this.#cancel.hidden = !isBusy;
  }
}

/** Make a field with its label. */
export function field<T extends HTMLInputElement | HTMLTextAreaElement>(label: string, control: T): T {
  make("label", {}, label, control);
  return control;
}
