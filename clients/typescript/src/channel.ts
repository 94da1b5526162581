interface Reader<T> {
  resolve: (item: T | undefined) => void;
  reject: (error: unknown) => void;
}

/** A queue between one writer and its waiting readers. `undefined` is the end. */
export class Channel<T> {
  #items: T[] = [];
  #readers: Reader<T>[] = [];
  #end: { error: unknown } | undefined;

  push(item: T): void {
    const reader = this.#readers.shift();
    if (reader) reader.resolve(item);
    else this.#items.push(item);
  }

  /** End the queue. What was pushed can still be read; after that comes the end, or the error. */
  end(error?: unknown): void {
    if (this.#end) return;
    this.#end = { error };
    for (const { resolve, reject } of this.#readers.splice(0)) {
      if (error === undefined) resolve(undefined);
      else reject(error);
    }
  }

  next(): Promise<T | undefined> {
    const item = this.#items.shift();
    if (item !== undefined) return Promise.resolve(item);
    if (!this.#end) {
      return new Promise((resolve, reject) => this.#readers.push({ resolve, reject }));
    }
    const { error } = this.#end;
    return error === undefined ? Promise.resolve(undefined) : Promise.reject(error);
  }

  /** Remove and return everything that has not been read. */
  clear(): T[] {
    return this.#items.splice(0);
  }
}
