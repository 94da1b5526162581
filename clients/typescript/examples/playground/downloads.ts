import type { LoadProgress, ModelEntry, Sidecar } from "qwen-tts-sidecar/connect";
import { button, make } from "./dom.js";
import { bytes, duration, explain, isStopped } from "./words.js";

interface Download {
  controller: AbortController;
  progress?: LoadProgress;
}

/** Brings models to this machine, and shows how far that is wherever a model is needed. */
export class Downloads {
  readonly #running = new Map<string, Download>();
  readonly #failed = new Map<string, string>();
  readonly #views = new Set<() => void>();

  constructor(
    readonly sidecar: () => Sidecar,
    /** Called when a model has come. */
    readonly onDone: (model: string) => void,
  ) {}

  /** Return what is running, in words; undefined if nothing is. */
  get summary(): string | undefined {
    for (const [model, { progress }] of this.#running) {
      const { receivedBytes = 0, totalBytes } = progress ?? {};
      return totalBytes ? `${model}: ${Math.floor((100 * receivedBytes) / totalBytes)} %` : `${model} …`;
    }
    return undefined;
  }

  /** Return a button with the size, which becomes a bar with a way to cancel. */
  control({ model, downloadBytes }: ModelEntry): HTMLElement {
    const box = make("div", { className: "download" });
    const size = downloadBytes ? ` ${bytes(downloadBytes)}` : "";
    let shown = "";
    const show = () => {
      const running = this.#running.get(model);
      const kind = running ? "running" : "idle";
      if (shown !== kind) {
        shown = kind;
        const hadFocus = box.contains(document.activeElement);
        box.replaceChildren(
          ...(running
            ? [
                make("progress", { max: 1, attributes: { "aria-label": `Download of ${model}` } }),
                make("span", { className: "small" }),
                button("Cancel", () => this.cancel(model), { "aria-label": `Cancel the download of ${model}` }),
              ]
            : [
                button(`Download${size}`, () => this.start(model), { "aria-label": `Download${size}: ${model}` }),
                make("p", { className: "small wrong" }),
              ]),
        );
        if (hadFocus) box.querySelector("button")?.focus();
      }
      if (running) showProgress(box, running.progress);
      else box.querySelector("p")!.textContent = this.#failed.get(model) ?? "";
    };
    this.#views.add(show);
    show();
    return box;
  }

  /** Forget the controls of a list that is made again. */
  forget(): void {
    this.#views.clear();
  }

  start(model: string): void {
    const running: Download = { controller: new AbortController() };
    this.#running.set(model, running);
    this.#failed.delete(model);
    const onProgress = (progress: LoadProgress) => {
      running.progress = progress;
      this.#show();
    };
    this.sidecar()
      .ensureModel(model, { onProgress, signal: running.controller.signal })
      .then(() => this.onDone(model))
      .catch((error) => this.#failed.set(model, isStopped(error) ? "Cancelled; what has come is kept." : explain(error)))
      .finally(() => {
        this.#running.delete(model);
        this.#show();
      });
    this.#show();
  }

  cancel(model: string): void {
    this.#running.get(model)?.controller.abort();
  }

  #show(): void {
    for (const view of this.#views) view();
  }
}

function showProgress(box: HTMLElement, progress: LoadProgress | undefined): void {
  const bar = box.querySelector("progress")!;
  const { receivedBytes = 0, totalBytes, bytesPerSecond, waitingMs } = progress ?? {};
  if (totalBytes) bar.value = receivedBytes / totalBytes;
  else bar.removeAttribute("value");
  const left = totalBytes && bytesPerSecond ? ((totalBytes - receivedBytes) / bytesPerSecond) * 1000 : undefined;
  const parts = [
    totalBytes && `${bytes(receivedBytes)} of ${bytes(totalBytes)}`,
    bytesPerSecond && `${bytes(bytesPerSecond)}/s`,
    left && `${duration(left)} left`,
    waitingMs && "the hub asked for a pause",
  ];
  box.querySelector("span")!.textContent = parts.filter(Boolean).join(" · ") || "Looking for it …";
}
