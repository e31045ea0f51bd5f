import { KEVENT_MAX_RING } from './constants.js';
import { invalidArgType, invalidArgValue, outOfRange } from './errors.js';
import {
  RING_HEADER,
  RING_HEADER_WORDS,
  RING_KIDX,
  RING_OVER,
  UKEVENT_SIZE,
  UKEVENT_WORDS,
} from './layout.js';

/** Bytes of a ring of `size` slots. */
export function ringBytes(size: number): number {
  return RING_HEADER + size * UKEVENT_SIZE;
}

/**
 * The memory of a ring, as `kevent_init` wants it: zeroed, shared, never resized.
 *
 * @param size - slots: an integer from 2 to KEVENT_MAX_RING
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 * @example
 * const fd = kevent_init(createRing(1024), 1024);
 */
export function createRing(size: number): SharedArrayBuffer {
  if (typeof size !== 'number') throw invalidArgType('size', 'of type number', size);
  if (!Number.isInteger(size) || size < 2 || size > KEVENT_MAX_RING) {
    throw outOfRange('size', `an integer >= 2 and <= ${KEVENT_MAX_RING}`, size);
  }
  return new SharedArrayBuffer(ringBytes(size));
}

/**
 * Reads a ring in place. Which slots may be read is known from `kevent_wait` and `kevent_claim`:
 * the header's two words alone do not say whether a ring is empty or full.
 *
 * @example
 * const reader = new RingReader(ring, 64);
 * const type = reader.words[reader.base(position) + WORD_TYPE];
 */
export class RingReader {
  /** The memory, as `kevent_init` got it. */
  readonly buffer: SharedArrayBuffer;
  /** Slots. */
  readonly size: number;
  /** The whole ring, header included, as 32-bit words. */
  readonly words: Uint32Array;
  readonly #header: Int32Array;

  constructor(buffer: SharedArrayBuffer, size: number) {
    if (!(buffer instanceof SharedArrayBuffer)) throw invalidArgType('buffer', 'a SharedArrayBuffer', buffer);
    if (!Number.isInteger(size) || size < 2) throw outOfRange('size', 'an integer >= 2', size);
    if (buffer.byteLength < ringBytes(size)) {
      throw invalidArgValue(
        'buffer',
        `must have ${ringBytes(size)} bytes for a ring of ${size} slots`,
        buffer,
      );
    }
    this.buffer = buffer;
    this.size = size;
    this.words = new Uint32Array(buffer, 0, ringBytes(size) / 4);
    this.#header = new Int32Array(buffer, 0, RING_HEADER_WORDS);
  }

  /** `ring_kidx`: the index at which the next event will be put. */
  get kidx(): number {
    return Atomics.load(this.#header, RING_KIDX / 4) >>> 0;
  }

  /** `ring_over`: how often the committed tail has wrapped. */
  get over(): number {
    return Atomics.load(this.#header, RING_OVER / 4) >>> 0;
  }

  /** The first word, in `words`, of the slot of a position (a count of slots ever filled, below 2^53). */
  base(position: number): number {
    return RING_HEADER_WORDS + (position % this.size) * UKEVENT_WORDS;
  }
}
