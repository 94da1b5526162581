/** A function that is called with an event. */
export type Listener<T> = (event: T) => void;

/**
 * An object whose events can be listened to. It is our own so that the types need neither Node's nor
 * Bun's, and behaves alike in both.
 */
export class Emitter<Events extends object> {
  #listeners = new Map<keyof Events, Set<Listener<never>>>();

  /**
   * Call `listener` at each event of this name; adding it twice has no effect.
   *
   * @example
   * ```ts
   * tts.on("log", (line) => console.error(line));
   * stream.on("sentence", ({ startMs, text }) => console.log(startMs, text));
   * ```
   */
  on<E extends keyof Events>(event: E, listener: Listener<Events[E]>): this {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return this;
  }

  /** Call `listener` at the next event of this name only. */
  once<E extends keyof Events>(event: E, listener: Listener<Events[E]>): this {
    const wrapper: Listener<Events[E]> = (value) => {
      this.off(event, wrapper);
      listener(value);
    };
    return this.on(event, wrapper);
  }

  /** No longer call `listener`, which `on` has added. */
  off<E extends keyof Events>(event: E, listener: Listener<Events[E]>): this {
    this.#listeners.get(event)?.delete(listener);
    return this;
  }

  /**
   * Call each listener soon, and on its own: one that throws keeps nothing from the others.
   *
   * @internal
   */
  protected emit<E extends keyof Events>(event: E, value: Events[E]): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      unharmed(() => (listener as Listener<Events[E]>)(value));
    }
  }
}

/** What the app's own function throws must not stop the reader that called it. */
export const unharmed = (call: () => void) => queueMicrotask(call);
