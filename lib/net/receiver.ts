import { markAsUntransferable } from 'node:worker_threads';

import { binding } from '../abi/binding.js';
import { systemError } from '../abi/errors.js';

const BLOCK_SHIFT = 20;
const OFFSET_MASK = (1 << BLOCK_SHIFT) - 1;
const NONE = -1;
/** Chunks up to this are copied out of the slab: a view would keep a whole block from being used again. */
const MOST_COPIED = 4096;

/**
 * Makes Buffers of what lies in the slab of a queue. All events of one block come before those of the next, so one
 * block at a time is looked at.
 */
export class Receiver {
  readonly #fd: number;
  /** Memory that is used again and again, by block. */
  readonly #blocks: (Buffer | undefined)[] = [];
  /** The block that the last view was of: its memory is nobody else's from then on. */
  #keptBlock = NONE;
  #kept = new ArrayBuffer(0);

  constructor(fd: number) {
    this.#fd = fd;
  }

  /** Bytes for as long as one likes. `place`: an event's `data1`. */
  chunk(place: number, length: number): Buffer {
    const block = place >>> BLOCK_SHIFT;
    const offset = place & OFFSET_MASK;
    // What begins a block again, after it was kept, is in other memory.
    if (block !== this.#keptBlock || offset === 0) {
      this.#keptBlock = NONE;
      if (length <= MOST_COPIED) {
        const from = this.#block(block);
        const chunk = Buffer.allocUnsafe(length);
        chunk.set(from.subarray(offset, offset + length));
        return chunk;
      }
      this.#keep(block);
    }
    return Buffer.from(this.#kept, offset, length);
  }

  /** Bytes until the event's slot is committed. */
  view(place: number, length: number): Buffer {
    const block = place >>> BLOCK_SHIFT;
    const offset = place & OFFSET_MASK;
    return this.#block(block).subarray(offset, offset + length);
  }

  #block(number: number): Buffer {
    const block = this.#blocks[number];
    if (block !== undefined && block.length > 0) return block;
    const mapped = Buffer.from(this.#map(number, false));
    this.#blocks[number] = mapped;
    return mapped;
  }

  #keep(number: number): void {
    this.#kept = this.#map(number, true);
    this.#keptBlock = number;
    // The number will mean other memory.
    this.#blocks[number] = undefined;
  }

  #map(number: number, keep: boolean): ArrayBuffer {
    const memory = binding().naioBlock(this.#fd, number, keep);
    if (typeof memory === 'number') throw systemError(memory, 'kevent_naio_hold');
    // Whoever transfers one chunk would take the other connections' bytes along.
    markAsUntransferable(memory);
    return memory;
  }
}
