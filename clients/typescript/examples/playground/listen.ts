import { drawChart } from "./chart.js";
import { Deck } from "./deck.js";
import { element } from "./dom.js";
import { Reading } from "./reading.js";
import type { Take } from "./take.js";
import { drawWaveform, sampleAt } from "./waveform.js";
import { clock, duration } from "./words.js";

const STEP_SECONDS = 2;
const wave = element("waveform");
const canvas = wave.querySelector("canvas")!;
const play = element<HTMLButtonElement>("play");

/** The part of the page that plays a take: text, waveform, figures and timeline. */
export class Listen {
  readonly reading = new Reading(element("spoken"));
  readonly deck = new Deck("pcm-worklet.js", () => this.draw());
  #isDrawing = false;

  constructor() {
    play.onclick = () => void this.deck.toggle();
    wave.onpointerdown = (event) => this.#scrub(event);
    wave.onpointermove = (event) => event.buttons === 1 && this.#scrub(event);
    wave.onkeydown = (event) => this.#onKey(event);
    new ResizeObserver(() => this.draw()).observe(document.body);
    this.draw();
  }

  /** Show a take that is about to be played. */
  show(take: Take): void {
    this.reading.start(take.params.text);
    this.reading.element.classList.remove("waiting");
    for (const sentence of take.sentences) this.reading.addSentence(sentence);
    for (const words of take.words) this.reading.addWords(words);
  }

  /** Draw everything once, with the next frame. */
  draw(): void {
    if (this.#isDrawing) return;
    this.#isDrawing = true;
    requestAnimationFrame(() => {
      this.#isDrawing = false;
      this.#draw();
    });
  }

  #draw(): void {
    const { deck } = this;
    const { take, position, state } = deck;
    drawWaveform(canvas, take, position);
    drawChart(element<HTMLCanvasElement>("timeline"), take);
    this.#figures(take);
    if (take) this.#place(take, position);
    play.disabled = !take || take.samples === 0;
    play.setAttribute("aria-label", state === "playing" ? "Pause" : "Play");
    play.firstElementChild!.className = `icon ${state === "playing" ? "pause" : "play"}`;
    if (state === "ended" || !take) this.reading.end();
    else this.reading.hear(deck.heardMs);
  }

  #place(take: Take, position: number): void {
    const at = position / take.sampleRate;
    element("clock").textContent = `${clock(at)} / ${clock(take.seconds)}`;
    wave.setAttribute("aria-valuemax", take.seconds.toFixed(1));
    wave.setAttribute("aria-valuenow", at.toFixed(1));
    wave.setAttribute("aria-valuetext", `${clock(at)} of ${clock(take.seconds)}`);
  }

  #figures(take: Take | undefined): void {
    const show = (id: string, value: string | undefined | false) => (element(id).textContent = value || "–");
    const { timeline, result } = take ?? {};
    const first = timeline?.arrivals[0]?.at;
    show("first", first !== undefined && duration(first));
    show("factor", result?.metrics.realTimeFactor.toFixed(2));
    show("duration", take && take.samples > 0 && duration(take.seconds * 1000));
    show("ahead", timeline?.startedAt !== undefined && duration(timeline.aheadMs));
    const { gapCount = 0, gapMs = 0 } = timeline ?? {};
    const gaps = gapCount === 0 ? "none" : `${duration(gapMs)} in ${gapCount}`;
    show("gaps", timeline?.startedAt !== undefined && gaps);
  }

  #scrub(event: PointerEvent): void {
    const { take } = this.deck;
    if (!take) return;
    wave.setPointerCapture(event.pointerId);
    const { left, width } = canvas.getBoundingClientRect();
    void this.deck.seek(sampleAt(take, (event.clientX - left) / width));
  }

  #onKey(event: KeyboardEvent): void {
    const { take, position } = this.deck;
    if (!take) return;
    const step = STEP_SECONDS * take.sampleRate;
    const go: Record<string, () => Promise<void>> = {
      ArrowRight: () => this.deck.seek(position + step),
      ArrowLeft: () => this.deck.seek(position - step),
      Home: () => this.deck.seek(0),
      End: () => this.deck.seek(take.samples),
      " ": () => this.deck.toggle(),
    };
    const act = go[event.key];
    if (!act) return;
    event.preventDefault();
    void act();
  }
}
