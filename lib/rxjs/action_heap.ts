/** When an action is due, and where in the heap it is. */
export interface Entry {
  /** Milliseconds of performance.now(). */
  due: number;
  /** Which of those that are due at once was scheduled first. */
  sequence: number;
  /** -1: it is not in the heap. */
  place: number;
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.due < other.due || (one.due === other.due && one.sequence < other.sequence);
}

/** A binary heap whose entries know their places, so that one that is cancelled is gone at once. */
export class ActionHeap<E extends Entry> {
  readonly #entries: E[] = [];

  get length(): number {
    return this.#entries.length;
  }

  /** What is due first. */
  get first(): E | undefined {
    return this.#entries[0];
  }

  add(entry: E): void {
    this.#entries.push(entry);
    this.#rise(entry, this.#entries.length - 1);
  }

  remove(entry: E): void {
    const { place } = entry;
    if (place < 0) return;
    entry.place = -1;
    const last = this.#entries.pop();
    if (last === undefined || last === entry) return;
    this.#rise(last, place);
    this.#sink(last, last.place);
  }

  #rise(entry: E, from: number): void {
    let place = from;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = this.#entries[above];
      if (other === undefined || !isBefore(entry, other)) break;
      this.#put(other, place);
      place = above;
    }
    this.#put(entry, place);
  }

  #sink(entry: E, from: number): void {
    let place = from;
    for (;;) {
      const left = 2 * place + 1;
      const [one, two] = [this.#entries[left], this.#entries[left + 1]];
      const other = one !== undefined && two !== undefined && isBefore(two, one) ? two : one;
      if (other === undefined || !isBefore(other, entry)) break;
      const below = other.place;
      this.#put(other, place);
      place = below;
    }
    this.#put(entry, place);
  }

  #put(entry: E, place: number): void {
    this.#entries[place] = entry;
    entry.place = place;
  }
}
