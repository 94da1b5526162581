import { button, element, make } from "./dom.js";
import type { Take } from "./take.js";
import { duration } from "./words.js";

const MOST = 20;
/** More than ten minutes of audio are not kept, but for the last take. */
const MOST_SECONDS = 600;

/** What was spoken in this page, the newest first. */
export class History {
  #takes: Take[] = [];

  constructor(
    readonly onPlay: (take: Take) => void,
    /** Called to fill the form as it was for a take. */
    readonly onReuse: (take: Take) => void,
  ) {
    this.#show();
  }

  add(take: Take): void {
    this.#takes.unshift(take);
    let seconds = 0;
    this.#takes = this.#takes.filter((one, i) => (seconds += one.seconds) <= MOST_SECONDS || i === 0).slice(0, MOST);
    this.#show();
  }

  #show(): void {
    const items = this.#takes.map((take) => this.#item(take));
    element("history").replaceChildren(
      ...(items.length > 0 ? items : [make("li", { className: "small", textContent: "Nothing was spoken yet." })]),
    );
  }

  #item(take: Take): HTMLElement {
    const words = take.params.text.replace(/\s+/g, " ").trim();
    const short = words.length > 90 ? `${words.slice(0, 88)} …` : words;
    const { seed } = take.result ?? {};
    const facts = [take.voiceName, duration(take.seconds * 1000), seed !== undefined && `seed ${seed}`];
    const play = button("", () => this.onPlay(take), { "aria-label": `Play again: ${short}` });
    play.classList.add("sample");
    play.append(make("span", { className: "icon play", attributes: { "aria-hidden": "true" } }));
    return make(
      "li",
      {},
      play,
      make("div", { className: "grow" }, make("span", { textContent: short }), make("span", { className: "small", textContent: facts.filter(Boolean).join(" · ") })),
      button("Use again", () => this.onReuse(take), { "aria-label": `Use again: ${short}` }),
    );
  }
}
