import { UKEVENT_WORDS } from '../abi/layout.js';

/** Some numbers of a {@link Backlog}, handed out to one loop: `at` is the first that it has not seen. */
export interface Hold {
  from: number;
  at: number;
  to: number;
}

/**
 * The slots that this thread has claimed and that go to no handler, in ring order. Each has a number,
 * counted from when the backlog was last empty, which leads to its place in the ring and to its
 * position. A number is handed out to one loop, and handed back or released by it.
 */
export class Backlog {
  // As many places as the ring has slots are enough, although the ring may be shared and numbers can
  // be released in any order: from the oldest that is not released on, all lie within one ring's length.
  readonly #mask: number;
  #bases = new Uint32Array(0);
  #positions = new Float64Array(0);
  /** The first number that was never handed out. */
  #head = 0;
  /** One more than the last number. */
  #tail = 0;
  /** Numbers that are not released. */
  #outstanding = 0;
  /** Handed back, oldest first; all before head. */
  readonly #returned: { from: number; readonly to: number }[] = [];

  constructor(ringSize: number) {
    this.#mask = 2 ** Math.ceil(Math.log2(ringSize)) - 1;
  }

  get tail(): number {
    return this.#tail;
  }

  /** Whether every number was released. */
  get isEmpty(): boolean {
    return this.#outstanding === 0;
  }

  /** Whether there is a number to hand out. */
  get hasMore(): boolean {
    return this.#head < this.#tail || this.#returned.length > 0;
  }

  /** To be called before the slots of a run are numbered. */
  begin(): void {
    if (this.#outstanding === 0) this.#head = this.#tail = 0;
  }

  /**
   * Numbers `count` slots that lie side by side.
   *
   * @param base - the first one's first word in the ring
   */
  push(base: number, position: number, count: number): void {
    if (this.#bases.length === 0) {
      this.#bases = new Uint32Array(this.#mask + 1);
      this.#positions = new Float64Array(this.#mask + 1);
    }
    const bases = this.#bases;
    const positions = this.#positions;
    const mask = this.#mask;
    const tail = this.#tail;
    for (let i = 0; i < count; i += 1) {
      const place = (tail + i) & mask;
      bases[place] = base + i * UKEVENT_WORDS;
      positions[place] = position + i;
    }
    this.#tail = tail + count;
    this.#outstanding += count;
  }

  /** The slot's first word in the ring. */
  base(number: number): number {
    return this.#bases[number & this.#mask] ?? 0;
  }

  position(number: number): number {
    return this.#positions[number & this.#mask] ?? 0;
  }

  /** Hands out the next number; -1 if there is none. */
  takeOne(): number {
    const [first] = this.#returned;
    if (first !== undefined) {
      const number = first.from;
      first.from += 1;
      if (first.from === first.to) this.#returned.shift();
      return number;
    }
    if (this.#head === this.#tail) return -1;
    this.#head += 1;
    return this.#head - 1;
  }

  /** Hands out as many numbers as follow each other. False if there are none. */
  take(hold: Hold): boolean {
    const first = this.#returned.shift();
    hold.from = hold.at = first?.from ?? this.#head;
    hold.to = first?.to ?? this.#tail;
    if (first === undefined) this.#head = this.#tail;
    return hold.from < hold.to;
  }

  /** Takes numbers back: they are the next to be handed out, before younger ones. */
  giveBack(from: number, to: number): void {
    if (from === to) return;
    if (to === this.#head && this.#returned.length === 0) {
      this.#head = from;
    } else {
      this.#returned.push({ from, to });
      this.#returned.sort((one, other) => one.from - other.from);
    }
  }

  /** The numbers are done with: their slots are given back to the engine. */
  release(count: number): void {
    this.#outstanding -= count;
  }

  /** Forgets everything: the slots are not this thread's any more. */
  clear(): void {
    this.#head = this.#tail = this.#outstanding = 0;
    this.#returned.length = 0;
  }
}
