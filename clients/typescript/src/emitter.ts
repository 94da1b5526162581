type Listener<T> = (event: T) => void;

/** A typed `on`, `once`, `off`, alike in Node, Bun and the types of a project that has neither's. */
export class Emitter<Events extends object> {
  #listeners = new Map<keyof Events, Set<Listener<never>>>();

  on<E extends keyof Events>(event: E, listener: Listener<Events[E]>): this {
    const listeners = this.#listeners.get(event) ?? new Set();
    this.#listeners.set(event, listeners.add(listener));
    return this;
  }

  once<E extends keyof Events>(event: E, listener: Listener<Events[E]>): this {
    const wrapper: Listener<Events[E]> = (value) => {
      this.off(event, wrapper);
      listener(value);
    };
    return this.on(event, wrapper);
  }

  off<E extends keyof Events>(event: E, listener: Listener<Events[E]>): this {
    this.#listeners.get(event)?.delete(listener);
    return this;
  }

  /** Calls each listener soon, and on its own: one that throws keeps nothing from the others. */
  protected emit<E extends keyof Events>(event: E, value: Events[E]): void {
    for (const listener of this.#listeners.get(event) ?? []) {
      unharmed(() => (listener as Listener<Events[E]>)(value));
    }
  }
}

/** What the app's own function throws must not stop the reader that called it. */
export const unharmed = (call: () => void) => queueMicrotask(call);
