import { invalidArgType, invalidArgValue } from '../abi/errors.js';

/*
 * The memory that the threads of a channel share: a lock, a ring of messages, and the places of those who wait.
 *
 * A message is its length in bytes, and its bytes, filled up to a multiple of 4. Positions are counts of bytes modulo
 * 2^32, which the capacity divides.
 */

const LOCK = 0;
const HEAD = 1;
const TAIL = 2;
const CLOSED = 3;
/** How many places have ever been in use. */
export const PLACES_USED = 4;
/** Makes the owners of places distinct. */
export const OWNERS = 5;

export const FIRST_PLACE = 8;
export const PLACE_WORDS = 16;
export const MOST_PLACES = 128;
const HEADER = (FIRST_PLACE + MOST_PLACES * PLACE_WORDS) * 4;
const LENGTH = 4;

const FREE = 0;
const HELD = 1;

/** What became of a message. */
export type Put = 'sent' | 'full' | 'closed';

function rounded(length: number): number {
  return (length + 3) & ~3;
}

/** The capacity as it is used: a power of two. */
export function bytesFor(capacity: number): number {
  return HEADER + 2 ** Math.ceil(Math.log2(capacity));
}

export class ChannelMemory {
  readonly words: Int32Array;
  readonly capacity: number;
  readonly #bytes: Uint8Array;
  readonly #lengths: Int32Array;
  /** A message is taken out into this under the lock, where memory must not be asked for. */
  #scratch = new Uint8Array(0);

  /** @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE */
  constructor(memory: SharedArrayBuffer) {
    if (!(memory instanceof SharedArrayBuffer)) {
      throw invalidArgType('handle.memory', 'a SharedArrayBuffer', memory);
    }
    this.capacity = memory.byteLength - HEADER;
    if (this.capacity < 64 || !Number.isInteger(Math.log2(this.capacity))) {
      throw invalidArgValue('handle.memory', 'must be the memory of a channel', memory);
    }
    this.words = new Int32Array(memory, 0, HEADER / 4);
    this.#bytes = new Uint8Array(memory, HEADER);
    this.#lengths = new Int32Array(memory, HEADER);
  }

  /** Bytes of the longest message. */
  get longest(): number {
    return this.capacity - LENGTH;
  }

  get isClosed(): boolean {
    return Atomics.load(this.words, CLOSED) === 1;
  }

  get isEmpty(): boolean {
    return Atomics.load(this.words, HEAD) === Atomics.load(this.words, TAIL);
  }

  /** Whether it is worth while to wake those who wait for room. */
  get isHalfEmpty(): boolean {
    return this.#used * 2 <= this.capacity;
  }

  /** True for the one who closes it. */
  close(): boolean {
    return Atomics.exchange(this.words, CLOSED, 1) === 0;
  }

  put(message: Uint8Array): Put {
    const { words, capacity } = this;
    const bytes = this.#bytes;
    const { length } = message;
    const size = LENGTH + rounded(length);
    // Not as a Buffer: its subarray() is a function in JavaScript.
    const plain = new Uint8Array(message.buffer, message.byteOffset, length);
    this.#lock();
    // From here to the unlocking there is no loop and no call of a function in JavaScript. Only there does
    // V8 end a thread that is terminated: none can take the lock with it.
    const head = Atomics.load(words, HEAD);
    const room = capacity - ((head - Atomics.load(words, TAIL)) >>> 0);
    const result = Atomics.load(words, CLOSED) === 1 ? 'closed' : room < size ? 'full' : 'sent';
    if (result === 'sent') {
      const at = head & (capacity - 1);
      const from = (at + LENGTH) & (capacity - 1);
      const first = Math.min(length, capacity - from);
      this.#lengths[at >>> 2] = length;
      bytes.set(plain.subarray(0, first), from);
      if (first < length) bytes.set(plain.subarray(first), 0);
      Atomics.store(words, HEAD, (head + size) | 0);
    }
    Atomics.store(words, LOCK, FREE);
    Atomics.notify(words, LOCK, 1);
    return result;
  }

  /** The oldest message; undefined if there is none. */
  take(): Uint8Array | undefined {
    const { words, capacity } = this;
    const bytes = this.#bytes;
    if (this.#scratch.length === 0) this.#scratch = new Uint8Array(capacity);
    const scratch = this.#scratch;
    let length = -1;
    this.#lock();
    // As in put().
    const tail = Atomics.load(words, TAIL);
    if (tail !== Atomics.load(words, HEAD)) {
      const at = tail & (capacity - 1);
      const from = (at + LENGTH) & (capacity - 1);
      length = this.#lengths[at >>> 2] ?? 0;
      const first = Math.min(length, capacity - from);
      scratch.set(bytes.subarray(from, from + first), 0);
      if (first < length) scratch.set(bytes.subarray(0, length - first), first);
      Atomics.store(words, TAIL, (tail + LENGTH + ((length + 3) & ~3)) | 0);
    }
    Atomics.store(words, LOCK, FREE);
    Atomics.notify(words, LOCK, 1);
    return length < 0 ? undefined : scratch.slice(0, length);
  }

  get #used(): number {
    return (Atomics.load(this.words, HEAD) - Atomics.load(this.words, TAIL)) >>> 0;
  }

  #lock(): void {
    // It is held for the time of copying one message.
    while (Atomics.compareExchange(this.words, LOCK, FREE, HELD) !== FREE) {
      Atomics.wait(this.words, LOCK, HELD, 1);
    }
  }
}
