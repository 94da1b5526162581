/** A function that is called with an event. */
export type Listener<T> = (event: T) => void;

/**
 * An object whose events can be listened to. It is used instead of Node's so that the types need neither
 * Node's nor Bun's, and it behaves alike in both.
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

  /** Remove a `listener` that `on` has added. */
  off<E extends keyof Events>(event: E, listener: Listener<Events[E]>): this {
    this.#listeners.get(event)?.delete(listener);
    return this;
  }

  /**
   * Call each listener in a microtask of its own, so that one that throws does not affect the others.
   *
   * @internal
   */
  protected emit<E extends keyof Events>(event: E, value: Events[E]): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      callLater(() => (listener as Listener<Events[E]>)(value));
    }
  }
}

/** Call a function of the app in a microtask, so that an error in it does not stop the code that calls it. */
export const callLater = (call: () => void) => queueMicrotask(call);
