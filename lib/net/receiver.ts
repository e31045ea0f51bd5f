// Not the global one: that is a getter, which is called for each message.
import { Buffer } from 'node:buffer';

import { binding } from '../abi/binding.js';
import { KEVENT_NAIO_MOST_SHARED } from '../abi/constants.js';
import { systemError } from '../abi/errors.js';
import { keepFreedMemory } from './freed_memory.js';
import type { Sender } from './sender.js';

const BLOCK_SHIFT = 20;
const AT_ONCE = 64 * 1024;
const OFFSET_MASK = (1 << BLOCK_SHIFT) - 1;
/** Views that are remembered: as many as a block has places of 64 bytes. */
const VIEWS = 1024;
const VIEW_SHIFT = 6;
/** By how much the places of a block are apart from those of the one before: large messages use few of each, and not the same. */
const VIEW_STEP = 64;

/** Makes Buffers of what lies in the slab of a queue. */
export class Receiver {
  readonly #fd: number;
  /** Memory that is used again and again, by block. */
  readonly #blocks: (Buffer | undefined)[] = [];

  /**
   * Small messages come to the same places again and again, as a block is filled anew: a view costs more than all else that
   * is done for such a message. By place; of which block, and of how many bytes, has to be compared.
   */
  readonly #views = new Array<Buffer | undefined>(VIEWS).fill(undefined);
  readonly #viewBlocks = new Array<Buffer | undefined>(VIEWS).fill(undefined);
  readonly #viewPlaces = new Uint32Array(VIEWS);
  readonly #viewLengths = new Uint32Array(VIEWS);
  #remembers = false;
  /** What {@link view} has returned last, and its place. */
  #viewed: Buffer | undefined;
  #viewedPlace = 0;
  /** To be received into next. */
  #spare: Buffer | undefined;

  constructor(fd: number) {
    this.#fd = fd;
  }

  /**
   * Bytes for as long as one likes. `place`: an event's `data1`. Those of large chunks stay where they were received, in
   * memory that no other chunk is in.
   */
  chunk(place: number, length: number): Buffer {
    const block = place >>> BLOCK_SHIFT;
    const offset = place & OFFSET_MASK;
    if (length > KEVENT_NAIO_MOST_SHARED) {
      const kept = this.#map(block, true);
      // The number will mean other memory.
      this.#blocks[block] = undefined;
      this.#forgetViews();
      return Buffer.from(kept, offset, length);
    }
    // A view would keep a whole block from being used again.
    const from = this.#block(block);
    const chunk = Buffer.allocUnsafe(length);
    chunk.set(from.subarray(offset, offset + length));
    return chunk;
  }

  /**
   * What has come since, straight from the socket: memory that JavaScript has allocated costs the garbage collector far
   * less than memory of the slab. Without bytes, 0 at the end, or a negative errno, which the kernel tells only once.
   */
  more(fd: number): Buffer | number {
    this.#spare ??= Buffer.allocUnsafeSlow(AT_ONCE);
    const space = this.#spare;
    const length = binding().socketReceive(fd, space);
    if (length <= 0) return length;
    if (length <= KEVENT_NAIO_MOST_SHARED) return Buffer.from(space.subarray(0, length));
    this.#spare = undefined;
    if (length < AT_ONCE) return space.subarray(0, length);
    keepFreedMemory();
    return space;
  }

  /** Bytes until the event's slot is committed. */
  view(place: number, length: number): Buffer {
    const number = place >>> BLOCK_SHIFT;
    const block = this.#block(number);
    const offset = place & OFFSET_MASK;
    const at = ((offset >>> VIEW_SHIFT) + number * VIEW_STEP) & (VIEWS - 1);
    const known = this.#views[at];
    if (
      known !== undefined &&
      this.#viewPlaces[at] === place &&
      this.#viewLengths[at] === length &&
      this.#viewBlocks[at] === block
    ) {
      this.#viewed = known;
      this.#viewedPlace = place;
      return known;
    }
    const view = block.subarray(offset, offset + length);
    this.#viewed = this.#views[at] = view;
    this.#viewedPlace = place;
    this.#viewBlocks[at] = block;
    this.#viewPlaces[at] = place;
    this.#viewLengths[at] = length;
    this.#remembers = true;
    return view;
  }

  /** Has the view of last sent from where it is. False if the chunk is another one. */
  send(chunk: Uint8Array, sender: Sender): boolean {
    if (chunk !== this.#viewed) return false;
    const place = this.#viewedPlace;
    sender.part(this.#block(place >>> BLOCK_SHIFT), place & OFFSET_MASK, chunk.length);
    return true;
  }

  /** The same as a string of one unit for each byte. */
  text(place: number, length: number): string {
    const offset = place & OFFSET_MASK;
    return this.#block(place >>> BLOCK_SHIFT).toString('latin1', offset, offset + length);
  }

  /** They would keep the memory of blocks that are somebody else's by now. */
  #forgetViews(): void {
    if (!this.#remembers) return;
    this.#remembers = false;
    this.#viewed = undefined;
    this.#views.fill(undefined);
    this.#viewBlocks.fill(undefined);
  }

  #block(number: number): Buffer {
    const block = this.#blocks[number];
    if (block !== undefined && block.length > 0) return block;
    const mapped = Buffer.from(this.#map(number, false));
    this.#blocks[number] = mapped;
    return mapped;
  }

  #map(number: number, keep: boolean): ArrayBuffer {
    const memory = binding().naioBlock(this.#fd, number, keep);
    if (typeof memory === 'number') throw systemError(memory, 'kevent_naio_hold');
    return memory;
  }
}
