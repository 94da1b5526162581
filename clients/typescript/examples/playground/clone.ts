import { button, element, make } from "./dom.js";
import { field, Making, ModelChoice, type Workshop } from "./making.js";
import { fromFile, Recorder, type Recording } from "./recorder.js";
import { duration, explain } from "./words.js";

const panel = element("panel-clone");

/** The panel that clones a voice from a file or from the microphone. */
export class Clone {
  readonly choice: ModelChoice;
  readonly #making: Making;
  readonly #recorder = new Recorder();
  #recording: Recording | undefined;
  readonly #file = make("input", { type: "file", accept: "audio/*,video/mp4,video/webm", id: "clone-file", className: "hidden" });
  readonly #drop = make("label", { className: "drop", htmlFor: "clone-file" });
  readonly #record = button("Record", () => this.#toggle());
  readonly #meter = make("meter", { max: 1, low: 0.02, high: 0.9, optimum: 0.4, attributes: { "aria-label": "Loudness" } });
  readonly #heard = make("audio", { controls: true, hidden: true });
  readonly #transcript = field("What is said in it", make("textarea", { rows: 2, placeholder: "Word for word. Without it, only the timbre is taken." }));
  readonly #name = field("Name", make("input", { autocomplete: "off", placeholder: "Anna", maxLength: 48 }));
  readonly #consent = make("input", { type: "checkbox", required: true });

  constructor(workshop: Workshop) {
    this.choice = new ModelChoice(workshop, "cloning", "Model that speaks with it");
    this.#making = new Making(workshop);
    const consent = make("label", { className: "row consent" }, this.#consent);
    consent.append("This is my voice, or its owner has agreed to this.");
    const form = make("form", { className: "stack", attributes: { "aria-label": "Clone a voice" } });
    form.append(
      this.#file,
      this.#drop,
      make("div", { className: "row" }, this.#record, this.#meter, this.#heard),
      this.#transcript.parentElement!,
      this.#name.parentElement!,
      this.choice.element,
      consent,
      this.#making.element,
    );
    form.onsubmit = (event) => {
      event.preventDefault();
      void this.#create();
    };
    panel.append(form);
    this.#file.onchange = () => void this.take(this.#file.files?.[0]);
    this.#show();
  }

  /** Take a file that was chosen or dropped. */
  async take(file: File | undefined): Promise<void> {
    if (file) await this.#use(fromFile(file));
  }

  async #toggle(): Promise<void> {
    if (this.#recorder.isRunning) return this.#recorder.stop();
    this.#record.textContent = "Stop recording";
    await this.#use(
      this.#recorder.record((level, seconds) => {
        this.#meter.value = level;
        this.#record.textContent = `Stop recording (${Math.floor(seconds)} s)`;
      }),
    );
    this.#record.textContent = "Record";
    this.#meter.value = 0;
  }

  async #use(coming: Promise<Recording>): Promise<void> {
    try {
      this.#recording = await coming;
      const { seconds } = this.#recording;
      const isShort = seconds > 0 && seconds < 3;
      this.#making.say(isShort ? "It is short: 3 to 15 seconds of clean speech are best." : "");
      URL.revokeObjectURL(this.#heard.src);
      this.#heard.src = URL.createObjectURL(new Blob([this.#recording.bytes]));
      this.#heard.hidden = false;
    } catch (error) {
      const isDenied = error instanceof DOMException && error.name === "NotAllowedError";
      this.#making.say(isDenied ? "The browser does not allow this page to use the microphone." : explain(error), true);
    }
    this.#show();
  }

  #show(): void {
    const { name, seconds } = this.#recording ?? { name: "", seconds: 0 };
    const length = seconds ? `, ${duration(seconds * 1000)}` : "";
    this.#drop.replaceChildren(
      make("strong", { textContent: name ? `${name}${length}` : "Drop a recording here" }),
      make("span", { className: "small", textContent: name ? "Choose another one" : "or choose a file: 3 to 15 seconds of one person" }),
    );
  }

  async #create(): Promise<void> {
    if (!this.#recording) return this.#making.say("Drop a recording first, or record one.", true);
    if (!this.choice.isHere) return this.#making.say(`Download ${this.choice.model} first.`, true);
    await this.#making.run({
      voice: this.#name.value.trim() || undefined,
      model: this.choice.model,
      reference: { audio: this.#recording.bytes, text: this.#transcript.value.trim() || undefined },
    });
  }
}
