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
  registration: Kevent | undefined = undefined;
  readonly #ring: RingView;
  readonly #words: Uint32Array;
  readonly #registry: Registry;
  #base = RING_HEADER_WORDS;

  constructor(ring: RingView, registry: Registry) {
    this.#ring = ring;
    this.#words = ring.words;
    this.#registry = registry;
  }

  /**
   * Goes to the slot with this first word. False if its event is stale: its kevent was removed since. If
   * this is the last event of its kevent, the kevent ends here, so that whoever gets the event can add another.
   */
  moveTo(base: number): boolean {
    const words = this.#words;
    const registry = this.#registry;
    const user0 = words[base + WORD_USER0] ?? 0;
    this.#base = base;
    if (!registry.owns(user0)) {
      this.registration = undefined;
      return true;
    }
    const kevent = registry.find(user0, words[base + WORD_USER1] ?? 0);
    this.registration = kevent;
    if (kevent === undefined) return false;
    if (this.#isLast(base)) registry.end(kevent);
    return true;
  }

  get type(): number {
    return this.#words[this.#base + WORD_TYPE] ?? 0;
  }

  get id0(): number {
    return this.#words[this.#base + WORD_ID0] ?? 0;
  }

  get id1(): number {
    return this.#words[this.#base + WORD_ID1] ?? 0;
  }

  get event(): number {
    return this.#words[this.#base + WORD_EVENT] ?? 0;
  }

  get flags(): number {
    return this.#words[this.#base + WORD_REQ_FLAGS] ?? 0;
  }

  get retFlags(): number {
    return this.#words[this.#base + WORD_RET_FLAGS] ?? 0;
  }

  get data0(): number {
    return this.#words[this.#base + WORD_RET_DATA0] ?? 0;
  }

  get data1(): number {
    return this.#words[this.#base + WORD_RET_DATA1] ?? 0;
  }

  get data(): unknown {
    return this.registration?.data;
  }

  get broken(): boolean {
    return (this.retFlags & KEVENT_RET_BROKEN) !== 0;
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
    if (type !== KEVENT_INODE && type !== KEVENT_SIGNAL) {
      return new EventCopy(this.#words, this.#base, this.registration);
    }
    return new EventCopyWithPayload(this.#words, this.#base, this.registration, this.#payloadBytes());
  }

  #payloadBytes(): Uint8Array | undefined {
    return payloadBytes(this.#ring.fd, this.type, this.retFlags, this.data1);
  }

  #isLast(base: number): boolean {
    const words = this.#words;
    if (((words[base + WORD_REQ_FLAGS] ?? 0) & KEVENT_REQ_ONESHOT) !== 0) return true;
    if (((words[base + WORD_RET_FLAGS] ?? 0) & KEVENT_RET_BROKEN) !== 0) return true;
    // The inode is gone, and its watch with it.
    return (
      words[base + WORD_TYPE] === KEVENT_INODE &&
      ((words[base + WORD_RET_DATA0] ?? 0) & KEVENT_INODE_IGNORED) !== 0
    );
  }
}
