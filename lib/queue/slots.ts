import { WORD_ID0, WORD_ID1, WORD_TYPE, WORD_USER1 } from '../abi/layout.js';
import type { Place } from './registration.js';

/**
 * Slots of one chunk. Chunks, so that a table grows without being copied; few of them, so that where they lie stays
 * in the cache: what a slot costs is the cache misses that lead to it.
 */
const CHUNK = 8192;
const CHUNK_SHIFT = 13;
const CHUNK_MASK = CHUNK - 1;
/** Slots that are gone through in one go, of a chunk. */
const SOME = 256;
/** What a chunk has room for at first: then twice as much, and again. */
const FEW = 512;

/** In `user[0]`: the lowest 24 bits are the slot. */
export const MOST_SLOTS = 1 << 24;

/** In a slot's kind: the lowest four bits are the ukevent's type. */
export const KIND_TYPE = 0x0f;
/** In a slot's kind: the kevent keeps the process alive. */
export const KIND_REF = 0x10;

const WORDS = 3;
/** The lower 24 bits are the generation, the upper 8 the kind: with a million kevents, memory that is not touched counts. */
const HEAD = 0;
const ID0 = 1;
const ID1 = 2;
const GENERATION_BITS = 24;
/** In `user[1]`: the lowest 24 bits are the generation. */
const GENERATION_MASK = 0xffffff;

// As in event_cursor.ts: a constant of the module itself is part of the code.
const KEY_ID0 = WORD_ID0;
const KEY_ID1 = WORD_ID1;
const KEY_TYPE = WORD_TYPE;
const KEY_USER1 = WORD_USER1;

class Chunk {
  kevents: (Place | undefined)[] = [];
  words = new Uint32Array(0);

  /** The words of the new slots are this generation, and no kind. */
  grow(generation: number): void {
    const { kevents, words } = this;
    const before = kevents.length;
    const slots = before === 0 ? FEW : before * 2;
    this.kevents = new Array<Place | undefined>(slots).fill(undefined);
    for (let place = 0; place < before; place += 1) this.kevents[place] = kevents[place];
    this.words = new Uint32Array(slots * WORDS);
    this.words.set(words);
    for (let at = before * WORDS; at < this.words.length; at += WORDS) this.words[at] = generation;
  }
}

/**
 * The table of a queue's kevents: 20 bytes a slot. A slot's generation changes whenever it is
 * freed, so that what is still on its way for the kevent before is known as stale.
 */
export class Slots {
  readonly #chunks: Chunk[] = [];
  /** Slots ever used. */
  #used = 0;
  /** Freed slots, chained through ID0; a slot + 1, so that 0 is the end. */
  #free = 0;
  /** Generations start anywhere: two threads that share a queue do not take the other's for their own. */
  readonly #firstGeneration = Math.floor(Math.random() * (GENERATION_MASK + 1));

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
    if ((slot & CHUNK_MASK) === 0) this.#chunks.push(new Chunk());
    const chunk = this.#chunk(slot);
    if ((slot & CHUNK_MASK) === chunk.kevents.length) chunk.grow(this.#firstGeneration);
    this.#used += 1;
    return slot;
  }

  /** Says what is in a slot that was claimed. */
  fill(slot: number, kevent: Place, kind: number, id0: number, id1: number): void {
    const { kevents, words } = this.#chunk(slot);
    const place = slot & CHUNK_MASK;
    const at = place * WORDS;
    kevents[place] = kevent;
    words[at + HEAD] = ((words[at + HEAD] ?? 0) & GENERATION_MASK) | (kind << GENERATION_BITS);
    words[at + ID0] = id0;
    words[at + ID1] = id1;
  }

  /** Frees a slot, and says what kind of kevent was in it. */
  free(slot: number): number {
    const { kevents, words } = this.#chunk(slot);
    const place = slot & CHUNK_MASK;
    const at = place * WORDS;
    const head = words[at + HEAD] ?? 0;
    kevents[place] = undefined;
    words[at + HEAD] = (head + 1) & GENERATION_MASK;
    words[at + ID0] = this.#free;
    this.#free = slot + 1;
    return head >>> GENERATION_BITS;
  }

  /**
   * putKey and then free, for removing many.
   *
   * @param number - what `user[1]` has beside the generation
   * @returns what kind of kevent it was; -1 if it is not there any more, and then nothing was done
   */
  take(kevent: Place, number: number, words: Uint32Array, base: number): number {
    const { slot } = kevent;
    const chunk = this.#chunks[slot >>> CHUNK_SHIFT];
    const place = slot & CHUNK_MASK;
    if (chunk === undefined || chunk.kevents[place] !== kevent) return -1;
    const at = place * WORDS;
    const head = chunk.words[at + HEAD] ?? 0;
    words[base + KEY_ID0] = chunk.words[at + ID0] ?? 0;
    words[base + KEY_ID1] = chunk.words[at + ID1] ?? 0;
    words[base + KEY_TYPE] = (head >>> GENERATION_BITS) & KIND_TYPE;
    words[base + KEY_USER1] = (head & GENERATION_MASK) | number;
    chunk.kevents[place] = undefined;
    chunk.words[at + HEAD] = (head + 1) & GENERATION_MASK;
    chunk.words[at + ID0] = this.#free;
    this.#free = slot + 1;
    return head >>> GENERATION_BITS;
  }

  /** Whether the slot's kevent is of the generation that `user1` has. */
  has(slot: number, user1: number): boolean {
    const chunk = this.#chunks[slot >>> CHUNK_SHIFT];
    if (chunk === undefined) return false;
    const head = chunk.words[(slot & CHUNK_MASK) * WORDS + HEAD] ?? 0;
    return ((head ^ user1) & GENERATION_MASK) === 0;
  }

  /** The kevent of that slot and of the generation that `user1` has; undefined if it is not there any more. */
  find(slot: number, user1: number): Place | undefined {
    const chunk = this.#chunks[slot >>> CHUNK_SHIFT];
    if (chunk === undefined) return undefined;
    const place = slot & CHUNK_MASK;
    const head = chunk.words[place * WORDS + HEAD] ?? 0;
    return ((head ^ user1) & GENERATION_MASK) === 0 ? chunk.kevents[place] : undefined;
  }

  /**
   * Reads what `find` and `free` will read, and of the kevent itself too if asked for, and returns something that
   * depends on it. The processor waits for many such reads at the same time, but for those of one event after the other
   * if there is much to do in between: with a million kevents that is most of an event's cost.
   */
  touch(slot: number, itself: boolean): number {
    const chunk = this.#chunks[slot >>> CHUNK_SHIFT];
    if (chunk === undefined) return 0;
    const place = slot & CHUNK_MASK;
    const head = chunk.words[place * WORDS + HEAD] ?? 0;
    const kevent = chunk.kevents[place];
    if (kevent === undefined) return head;
    return itself ? head ^ kevent.slot : head + 1;
  }

  holds(kevent: Place): boolean {
    const chunk = this.#chunks[kevent.slot >>> CHUNK_SHIFT];
    return chunk !== undefined && chunk.kevents[kevent.slot & CHUNK_MASK] === kevent;
  }

  generation(slot: number): number {
    return (this.#chunk(slot).words[(slot & CHUNK_MASK) * WORDS + HEAD] ?? 0) & GENERATION_MASK;
  }

  /** Writes id, type and `user[1]` of the kevent there into an entry of kevent_ctl that starts at `base`. */
  putKey(slot: number, words: Uint32Array, base: number): void {
    const chunk = this.#chunk(slot);
    const at = (slot & CHUNK_MASK) * WORDS;
    const head = chunk.words[at + HEAD] ?? 0;
    words[base + KEY_ID0] = chunk.words[at + ID0] ?? 0;
    words[base + KEY_ID1] = chunk.words[at + ID1] ?? 0;
    words[base + KEY_TYPE] = (head >>> GENERATION_BITS) & KIND_TYPE;
    words[base + KEY_USER1] = head & GENERATION_MASK;
  }

  kind(slot: number): number {
    return (this.#chunk(slot).words[(slot & CHUNK_MASK) * WORDS + HEAD] ?? 0) >>> GENERATION_BITS;
  }

  setKind(slot: number, kind: number): void {
    const { words } = this.#chunk(slot);
    const at = (slot & CHUNK_MASK) * WORDS + HEAD;
    words[at] = ((words[at] ?? 0) & GENERATION_MASK) | (kind << GENERATION_BITS);
  }

  /** Every kevent there is. */
  kevents(): Place[] {
    return this.#chunks.flatMap((chunk) => chunk.kevents.filter((kevent) => kevent !== undefined));
  }

  /** Those of the next {@link SOME} slots; `from` is a multiple of that. @returns where to go on, -1 if there are no more */
  some(from: number, visit: (kevent: Place) => void): number {
    const chunk = this.#chunks[from >>> CHUNK_SHIFT];
    if (chunk === undefined) return -1;
    const { kevents } = chunk;
    const first = from & CHUNK_MASK;
    // Not for-of: as this runs too seldom to be compiled, that would leave an object behind for each slot.
    const end = Math.min(first + SOME, kevents.length);
    for (let place = first; place < end; place += 1) {
      const kevent = kevents[place];
      if (kevent !== undefined) visit(kevent);
    }
    return from + SOME < this.#used ? from + SOME : -1;
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
