/** First in, first out, in constant time: an array whose beginning moves. */
export class Deque<T> {
  #items: (T | undefined)[] = [];
  #first = 0;

  get length(): number {
    return this.#items.length - this.#first;
  }

  push(item: T): void {
    this.#items.push(item);
  }

  /** What {@link shift} would return. */
  peek(): T | undefined {
    return this.#items[this.#first];
  }

  shift(): T | undefined {
    // The only one, over and over, where values come one by one: the array keeps its memory.
    if (this.#first === 0 && this.#items.length === 1) return this.#items.pop();
    const item = this.#items[this.#first];
    if (this.#first === this.#items.length) return undefined;
    this.#items[this.#first] = undefined;
    this.#first += 1;
    if (this.#first === this.#items.length) {
      this.#items.length = this.#first = 0;
    } else if (this.#first > 1024 && this.#first * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#first);
      this.#first = 0;
    }
    return item;
  }

  /** Removes all, and returns them in order. */
  drain(): T[] {
    const items = this.#first === 0 ? this.#items : this.#items.slice(this.#first);
    this.clear();
    return items as T[];
  }

  clear(): void {
    this.#items = [];
    this.#first = 0;
  }

  remove(unwanted: (item: T) => boolean): void {
    this.#items = this.drain().filter((item) => !unwanted(item));
  }
}
