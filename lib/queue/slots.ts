import type { Kevent } from './registration.js';

/** Slots of one chunk. Chunks, so that a table grows without being copied and wastes little. */
const CHUNK = 512;
const CHUNK_SHIFT = 9;
const CHUNK_MASK = CHUNK - 1;

/** In `user[0]`: the lowest 24 bits are the slot. */
export const MOST_SLOTS = 1 << 24;

/** In a slot's kind: the lowest four bits are the ukevent's type. */
export const KIND_TYPE = 0x0f;
/** In a slot's kind: the kevent keeps the process alive. */
export const KIND_REF = 0x10;

const WORDS = 3;
const GENERATION = 0;
const ID0 = 1;
const ID1 = 2;

class Chunk {
  readonly kevents: (Kevent | undefined)[] = new Array<Kevent | undefined>(CHUNK).fill(undefined);
  readonly words = new Uint32Array(CHUNK * WORDS);
  readonly kinds = new Uint8Array(CHUNK);
}

/**
 * The table of a queue's kevents: 21 bytes a slot. A slot's generation changes whenever it is
 * freed, so that what is still on its way for the kevent before is known as stale.
 */
export class Slots {
  readonly #chunks: Chunk[] = [];
  /** Slots ever used. */
  #used = 0;
  /** Freed slots, chained through ID0; a slot + 1, so that 0 is the end. */
  #free = 0;
  /** Generations start anywhere: two threads that share a queue do not take the other's for their own. */
  readonly #firstGeneration = Math.floor(Math.random() * 0x100000000);

  /** A free slot, or -1 if there is none left. */
  claim(): number {
    const free = this.#free;
    if (free !== 0) {
      const slot = free - 1;
      this.#free = this.#chunk(slot).words[(slot & CHUNK_MASK) * WORDS + ID0] ?? 0;
      return slot;
    }
    const slot = this.#used;
    if (slot === MOST_SLOTS) return -1;
    if ((slot & CHUNK_MASK) === 0) {
      const chunk = new Chunk();
      for (let at = 0; at < CHUNK * WORDS; at += WORDS) chunk.words[at] = this.#firstGeneration;
      this.#chunks.push(chunk);
    }
    this.#used += 1;
    return slot;
  }

  /** Says what is in a slot that was claimed. */
  fill(slot: number, kevent: Kevent, kind: number, id0: number, id1: number): void {
    const chunk = this.#chunk(slot);
    const place = slot & CHUNK_MASK;
    chunk.kevents[place] = kevent;
    chunk.kinds[place] = kind;
    chunk.words[place * WORDS + ID0] = id0;
    chunk.words[place * WORDS + ID1] = id1;
  }

  free(slot: number): void {
    const chunk = this.#chunk(slot);
    const place = slot & CHUNK_MASK;
    chunk.kevents[place] = undefined;
    chunk.words[place * WORDS + GENERATION] = this.generation(slot) + 1;
    chunk.words[place * WORDS + ID0] = this.#free;
    this.#free = slot + 1;
  }

  /** The kevent of that slot and generation; undefined if it is not there any more. */
  find(slot: number, generation: number): Kevent | undefined {
    const chunk = this.#chunks[slot >>> CHUNK_SHIFT];
    if (chunk === undefined) return undefined;
    const place = slot & CHUNK_MASK;
    return chunk.words[place * WORDS] === generation ? chunk.kevents[place] : undefined;
  }

  holds(kevent: Kevent): boolean {
    const chunk = this.#chunks[kevent.slot >>> CHUNK_SHIFT];
    return chunk !== undefined && chunk.kevents[kevent.slot & CHUNK_MASK] === kevent;
  }

  generation(slot: number): number {
    return this.#chunk(slot).words[(slot & CHUNK_MASK) * WORDS + GENERATION] ?? 0;
  }

  id0(slot: number): number {
    return this.#chunk(slot).words[(slot & CHUNK_MASK) * WORDS + ID0] ?? 0;
  }

  id1(slot: number): number {
    return this.#chunk(slot).words[(slot & CHUNK_MASK) * WORDS + ID1] ?? 0;
  }

  kind(slot: number): number {
    return this.#chunk(slot).kinds[slot & CHUNK_MASK] ?? 0;
  }

  setKind(slot: number, kind: number): void {
    this.#chunk(slot).kinds[slot & CHUNK_MASK] = kind;
  }

  /** Every kevent there is. */
  kevents(): Kevent[] {
    return this.#chunks.flatMap((chunk) => chunk.kevents.filter((kevent) => kevent !== undefined));
  }

  clear(): void {
    this.#chunks.length = 0;
    this.#used = 0;
    this.#free = 0;
  }

  #chunk(slot: number): Chunk {
    const chunk = this.#chunks[slot >>> CHUNK_SHIFT];
    if (chunk === undefined) throw new RangeError(`kevent: there is no slot ${slot}`);
    return chunk;
  }
}
