import { KEVENT_INODE_MOVED_TO } from '../../abi/constants.js';
import {
  INODE_RECORD_COOKIE,
  INODE_RECORD_HEADER,
  INODE_RECORD_LENGTH,
  INODE_RECORD_MASK,
  INODE_RECORD_NEXT,
  INODE_RECORD_WD,
} from '../../abi/layout.js';

interface Chunk {
  readonly bytes: Buffer;
  readonly words: Uint32Array;
  /** See {@link Records.since}. */
  readonly since: number;
}

/** The second half of a rename. */
export interface Arrival {
  readonly wd: number;
  readonly name: string;
}

/**
 * The kernel queues the halves of a rename right after each other, while it has both directories locked: only what other
 * processors do elsewhere at that moment comes between.
 */
const MOST_BETWEEN = 256;

const MASK = INODE_RECORD_MASK / 4;
const COOKIE = INODE_RECORD_COOKIE / 4;
const LENGTH = INODE_RECORD_LENGTH / 4;
const NEXT = INODE_RECORD_NEXT / 4;
const WD = INODE_RECORD_WD / 4;

/** Records that were delivered and are not yet dealt with, read in place: no object for each. */
export class Records {
  readonly #chunks: Chunk[] = [];
  /** Where the current record begins in the first chunk, in words; and the one after it. */
  #at = 0;
  #next = 0;
  mask = 0;
  cookie = 0;
  wd = -1;
  #name: string | undefined;

  /** Of the current record: if events were lost there, it was not before this time. Milliseconds since the epoch. */
  get since(): number {
    return this.#chunks[0]?.since ?? 0;
  }

  /** The entry's name, as {@link toText} takes it; empty: the watched inode itself. */
  get name(): string {
    if (this.#name === undefined) this.#name = this.#nameAt(this.#chunks[0], this.#at);
    return this.#name;
  }

  /** Takes the payload of one event. */
  add(payload: Uint8Array, since: number): void {
    if (payload.length === 0) return;
    const { buffer, byteOffset, byteLength } = payload;
    this.#chunks.push({
      bytes: Buffer.from(buffer, byteOffset, byteLength),
      words: new Uint32Array(buffer, byteOffset, byteLength >>> 2),
      since,
    });
  }

  /** Goes to the next record. False if there is none. */
  advance(): boolean {
    for (;;) {
      const [chunk] = this.#chunks;
      if (chunk === undefined) return false;
      if (this.#next >= chunk.words.length) {
        this.#chunks.shift();
        this.#at = this.#next = 0;
        continue;
      }
      const { words } = chunk;
      const at = this.#next;
      this.#at = at;
      this.#next = at + (words[at + NEXT] ?? 0) / 4;
      this.mask = words[at + MASK] ?? 0;
      // The half of a rename that was taken with the other half.
      if (this.mask === 0) continue;
      this.cookie = words[at + COOKIE] ?? 0;
      this.wd = (words[at + WD] ?? 0) | 0;
      this.#name = undefined;
      return true;
    }
  }

  /** If the next record is about the same entry and has only these bits: goes there, and returns its mask. */
  advanceIfSame(bits: number): number {
    const [chunk] = this.#chunks;
    const at = this.#next;
    if (chunk === undefined || at >= chunk.words.length) return 0;
    const { words } = chunk;
    const mask = words[at + MASK] ?? 0;
    const same =
      mask !== 0 &&
      (mask & ~bits) === 0 &&
      words[at + WD] === this.wd &&
      words[at + LENGTH] === words[this.#at + LENGTH] &&
      this.#nameAt(chunk, at) === this.name;
    if (!same) return 0;
    this.#at = at;
    this.#next = at + (words[at + NEXT] ?? 0) / 4;
    return mask;
  }

  /**
   * Takes the other half of the current record's rename out of what follows. Undefined if it is not there, but may
   * be in the next delivery; null if it will not come.
   */
  takeArrival(): Arrival | undefined | null {
    const { cookie } = this;
    let at = this.#next;
    let left = MOST_BETWEEN;
    for (const chunk of this.#chunks) {
      const { words } = chunk;
      while (at < words.length) {
        if (words[at + COOKIE] === cookie && ((words[at + MASK] ?? 0) & KEVENT_INODE_MOVED_TO) !== 0) {
          words[at + MASK] = 0;
          return { wd: words[at + WD] ?? 0, name: this.#nameAt(chunk, at) };
        }
        left -= 1;
        if (left === 0) return null;
        at += (words[at + NEXT] ?? 0) / 4;
      }
      at = 0;
    }
    return undefined;
  }

  #nameAt(chunk: Chunk | undefined, at: number): string {
    if (chunk === undefined) return '';
    const start = at * 4 + INODE_RECORD_HEADER;
    return chunk.bytes.toString('latin1', start, start + (chunk.words[at + LENGTH] ?? 0));
  }
}
