import {
  KEVENT_INODE,
  KEVENT_INODE_IGNORED,
  KEVENT_REQ_ONESHOT,
  KEVENT_RET_BROKEN,
  KEVENT_SIGNAL,
} from '../abi/constants.js';
import type { SystemError } from '../abi/errors.js';
import {
  RING_HEADER_WORDS,
  WORD_EVENT,
  WORD_ID0,
  WORD_ID1,
  WORD_REQ_FLAGS,
  WORD_RET_DATA0,
  WORD_RET_DATA1,
  WORD_RET_FLAGS,
  WORD_TYPE,
  WORD_USER0,
  WORD_USER1,
} from '../abi/layout.js';
import { eventError, type Payload, payloadBytes, type QueueEvent, readPayload } from './event.js';
import { EventCopy, EventCopyWithPayload } from './event_copy.js';
import type { Kevent } from './registration.js';
import type { Registry } from './registry.js';
import type { Staleness } from './staleness.js';

// V8 reads an imported binding from memory each time; a constant of the module itself becomes part of the
// code. That is a third of what it costs to go to the next event.
const REQ_FLAGS = WORD_REQ_FLAGS;
const DATA0 = WORD_RET_DATA0;
const RET_FLAGS = WORD_RET_FLAGS;
const TYPE = WORD_TYPE;
const USER0 = WORD_USER0;
const USER1 = WORD_USER1;
const ONESHOT = KEVENT_REQ_ONESHOT;
const BROKEN = KEVENT_RET_BROKEN;
const INODE = KEVENT_INODE;
const IGNORED = KEVENT_INODE_IGNORED;
const ID0 = WORD_ID0;
const ID1 = WORD_ID1;

/** A queue's ring as its readers in this thread see it. */
export interface RingView {
  readonly fd: number;
  /** Slots. */
  readonly size: number;
  /** The ring's memory, header included. */
  readonly words: Uint32Array;
}

/** Reads one slot of the ring in place, and then another: no object per event. */
export class EventCursor implements QueueEvent {
  readonly #ring: RingView;
  readonly #words: Uint32Array;
  readonly #registry: Registry;
  readonly #staleness: Staleness;
  #base = RING_HEADER_WORDS;
  #kevent: Kevent | undefined;

  constructor(ring: RingView, registry: Registry) {
    this.#ring = ring;
    this.#words = ring.words;
    this.#registry = registry;
    this.#staleness = registry.staleness;
  }

  /**
   * Goes to the slot with this first word. False if its event is stale: its kevent was removed since. If
   * this is the last event of its kevent, the kevent ends here, so that whoever gets the event can add another.
   *
   * @param epoch - during which the slot's event is known to be current; see {@link Staleness}
   */
  moveTo(base: number, epoch: number): boolean {
    this.#base = base;
    this.#kevent = undefined;
    if (this.#staleness.epoch !== epoch && this.#isStale(base)) return false;
    if (this.#isLast(base)) this.#end();
    return true;
  }

  /** Looked up when it is asked for: many loops never do. */
  get registration(): Kevent | undefined {
    if (this.#kevent === undefined) {
      const user0 = this.#words[this.#base + USER0] ?? 0;
      if (!this.#registry.owns(user0)) return undefined;
      this.#kevent = this.#registry.find(user0, this.#words[this.#base + USER1] ?? 0);
    }
    return this.#kevent;
  }

  get type(): number {
    return this.#words[this.#base + TYPE] ?? 0;
  }

  get id0(): number {
    return this.#words[this.#base + ID0] ?? 0;
  }

  get id1(): number {
    return this.#words[this.#base + ID1] ?? 0;
  }

  get event(): number {
    return this.#words[this.#base + WORD_EVENT] ?? 0;
  }

  get flags(): number {
    return this.#words[this.#base + REQ_FLAGS] ?? 0;
  }

  get retFlags(): number {
    return this.#words[this.#base + RET_FLAGS] ?? 0;
  }

  get data0(): number {
    return this.#words[this.#base + DATA0] ?? 0;
  }

  get data1(): number {
    return this.#words[this.#base + WORD_RET_DATA1] ?? 0;
  }

  get data(): unknown {
    return this.registration?.data;
  }

  get broken(): boolean {
    return (this.retFlags & BROKEN) !== 0;
  }

  error(): SystemError | undefined {
    return eventError(this.retFlags, this.data1);
  }

  payload(): Payload {
    return readPayload(this.type, this.#payloadBytes());
  }

  /** What is good for as long as one likes. */
  copy(): EventCopy {
    const { type } = this;
    if (type !== INODE && type !== KEVENT_SIGNAL) {
      return new EventCopy(this.#words, this.#base, this.registration);
    }
    return new EventCopyWithPayload(this.#words, this.#base, this.registration, this.#payloadBytes());
  }

  #payloadBytes(): Uint8Array | undefined {
    return payloadBytes(this.#ring.fd, this.type, this.retFlags, this.data1);
  }

  #isStale(base: number): boolean {
    const words = this.#words;
    const user0 = words[base + USER0] ?? 0;
    return this.#registry.owns(user0) && !this.#registry.has(user0, words[base + USER1] ?? 0);
  }

  #end(): void {
    const kevent = this.registration;
    if (kevent !== undefined) this.#registry.end(kevent);
  }

  #isLast(base: number): boolean {
    const words = this.#words;
    if (((words[base + REQ_FLAGS] ?? 0) & ONESHOT) !== 0) return true;
    if (((words[base + RET_FLAGS] ?? 0) & BROKEN) !== 0) return true;
    // The inode is gone, and its watch with it.
    return words[base + TYPE] === INODE && ((words[base + DATA0] ?? 0) & IGNORED) !== 0;
  }
}
