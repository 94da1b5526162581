import { button, element, make } from "./dom.js";
import { field, Making, ModelChoice, type Workshop } from "./making.js";
import { DESIGNS } from "./styles.js";

/** The panel that makes a voice of a description. */
export class Design {
  readonly design: ModelChoice;
  readonly base: ModelChoice;
  readonly #making: Making;
  readonly #description = field("The voice, in words", make("textarea", { rows: 3, required: true, placeholder: "An old man with a warm voice." }));
  readonly #text = field("What it says for its recording", make("textarea", { rows: 2, required: true }));
  readonly #name = field("Name", make("input", { autocomplete: "off", placeholder: "Grandpa", maxLength: 48 }));

  constructor(
    workshop: Workshop,
    /** Speak the text of the page with a model and a description. */
    readonly onTry: (model: string, description: string) => void,
  ) {
    this.design = new ModelChoice(workshop, "design", "Model that makes it");
    this.base = new ModelChoice(workshop, "cloning", "Model that speaks with it");
    this.#making = new Making(workshop);
    this.#text.value = "Once upon a time, there was a house at the edge of the forest, and nobody knew who lived in it.";
    const ideas = Object.entries(DESIGNS).map(([name, text]) => {
      const chip = button(name, () => (this.#description.value = text));
      chip.className = "chip";
      return chip;
    });
    const form = make("form", { className: "stack", attributes: { "aria-label": "Design a voice" } });
    form.append(
      this.#description.parentElement!,
      make("div", { className: "chips", attributes: { role: "group", "aria-label": "Ideas" } }, ...ideas),
      this.design.element,
      make(
        "div",
        { className: "row" },
        button("Speak the text with it", () => this.#try()),
        make("span", { className: "small", textContent: "Another voice each time. Save it to keep it." }),
      ),
      this.#text.parentElement!,
      this.#name.parentElement!,
      this.base.element,
      this.#making.element,
    );
    form.onsubmit = (event) => {
      event.preventDefault();
      void this.#create();
    };
    element("panel-design").append(form);
  }

  refresh(): void {
    this.design.refresh();
    this.base.refresh();
  }

  #try(): void {
    if (!this.#description.reportValidity() || !this.#isReady(this.design)) return;
    this.onTry(this.design.model, this.#description.value.trim());
  }

  async #create(): Promise<void> {
    if (!this.#isReady(this.design) || !this.#isReady(this.base)) return;
    await this.#making.run({
      voice: this.#name.value.trim() || undefined,
      model: this.base.model,
      design: { instruct: this.#description.value.trim(), text: this.#text.value.trim(), model: this.design.model },
    });
  }

  #isReady(choice: ModelChoice): boolean {
    if (!choice.model) this.#making.say("There is no model that can do this.", true);
    else if (!choice.isHere) this.#making.say(`Download ${choice.model} first.`, true);
    return choice.isHere;
  }
}
