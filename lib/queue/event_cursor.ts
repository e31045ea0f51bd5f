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
  UKEVENT_WORDS,
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
import type { Hold } from './backlog.js';
import { eventError, type Payload, payloadBytes, type QueueEvent, readPayload } from './event.js';
import { EventCopy, EventCopyWithPayload } from './event_copy.js';
import type { Kevent } from './registration.js';
import type { Registry } from './registry.js';
import type { Staleness } from './staleness.js';

// V8 reads an imported binding from memory each time; a constant of the module itself becomes part of the
// code. That is a third of what it costs to go to the next event.
const REQ_FLAGS = WORD_REQ_FLAGS;
const DATA0 = WORD_RET_DATA0;
const DATA1 = WORD_RET_DATA1;
const EVENT = WORD_EVENT;
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
const SLOT = UKEVENT_WORDS;

/** Events that are looked at ahead. */
const AHEAD = 16;

/** A queue's ring as its readers in this thread see it. */
export interface RingView {
  readonly fd: number;
  /** Slots. */
  readonly size: number;
  /** The ring's memory, header included. */
  readonly words: Uint32Array;
}

/**
 * Reads one slot of the ring in place, and then another: no object per event. Of a loop it is the hold too: an
 * object less to look at for each event.
 */
export class EventCursor implements QueueEvent, Hold {
  readonly #ring: RingView;
  readonly #words: Uint32Array;
  readonly #registry: Registry;
  readonly #staleness: Staleness;
  position = 0;
  from = 0;
  at = 0;
  to = 0;
  through = 0;
  readonly lent: boolean;
  /** Of no use: so that the reads of `lookAhead` are not optimized away. */
  touched = 0;
  #base = RING_HEADER_WORDS;
  /** The kevent of the slot with this first word, if it has been looked up. */
  #kevent: Kevent | undefined;
  #keventBase = 0;
  /** Whether handlers have looked at their kevents, in this run and in the one before. */
  #looking = false;
  #looked = false;
  /** Of these slots it is known what will be read. */
  #aheadFrom = 0;
  #aheadTo = 0;

  constructor(ring: RingView, registry: Registry, lent: boolean) {
    this.#ring = ring;
    this.#words = ring.words;
    this.#registry = registry;
    this.#staleness = registry.staleness;
    this.lent = lent;
  }

  /** It is going to go through another run, which ends at `to`. */
  begin(): void {
    this.#looked = this.#looking;
    this.#looking = false;
    this.#keventBase = this.#aheadTo = 0;
  }

  /**
   * Goes to the slot with this first word. False if its event is stale: its kevent was removed since. If
   * this is the last event of its kevent, the kevent ends here, so that whoever gets the event can add another.
   *
   * @param epoch - during which the slot's event is known to be current and not the last; see {@link Staleness}
   */
  moveTo(base: number, epoch: number): boolean {
    this.#base = base;
    return this.#staleness.epoch === epoch || this.#isCurrent(base);
  }

  /** That slot, and those behind it, are of kevents that will be looked up; see {@link Slots.touch}. */
  lookAhead(base: number): void {
    if (base < this.#aheadTo && base >= this.#aheadFrom) return;
    const words = this.#words;
    const end = Math.min(base + AHEAD * SLOT, this.to);
    let sum = 0;
    for (let at = base; at < end; at += SLOT) {
      sum ^= this.#registry.touch(words[at + USER0] ?? 0, words[at + USER1] ?? 0, this.#looked);
    }
    this.touched = sum;
    this.#aheadFrom = base;
    this.#aheadTo = end;
  }

  /** Looked up when it is asked for: many loops never do. */
  get registration(): Kevent | undefined {
    this.#looking = true;
    if (this.#keventBase !== this.#base) this.lookUp();
    return this.#kevent;
  }

  /** For whoever asks when the kevent is not registered any more. */
  lookUp(): void {
    const base = this.#base;
    if (this.#keventBase === base) return;
    const registry = this.#registry;
    const user0 = this.#words[base + USER0] ?? 0;
    const kevent = registry.owns(user0) ? registry.find(user0, this.#words[base + USER1] ?? 0) : undefined;
    // Of handlers that have other places, only they see the events.
    this.#kevent = kevent as Kevent | undefined;
    this.#keventBase = base;
  }

  // `as number`, not `?? 0`: up to 27 bytes of bytecode, V8 inlines a getter whatever else it has inlined there.

  get type(): number {
    return this.#words[this.#base + TYPE] as number;
  }

  get id0(): number {
    return this.#words[this.#base + ID0] as number;
  }

  get id1(): number {
    return this.#words[this.#base + ID1] as number;
  }

  get event(): number {
    return this.#words[this.#base + EVENT] as number;
  }

  get flags(): number {
    return this.#words[this.#base + REQ_FLAGS] as number;
  }

  get retFlags(): number {
    return this.#words[this.#base + RET_FLAGS] as number;
  }

  get data0(): number {
    return this.#words[this.#base + DATA0] as number;
  }

  get data1(): number {
    return this.#words[this.#base + DATA1] as number;
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

  #isCurrent(base: number): boolean {
    const words = this.#words;
    const registry = this.#registry;
    const user0 = words[base + USER0] ?? 0;
    if (registry.owns(user0) && !registry.has(user0, words[base + USER1] ?? 0)) return false;
    if (this.#isLast(base)) this.#end(base);
    return true;
  }

  #end(base: number): void {
    this.lookAhead(base);
    const words = this.#words;
    const user0 = words[base + USER0] ?? 0;
    if (!this.#registry.owns(user0)) return;
    this.#kevent = this.#registry.end(user0, words[base + USER1] ?? 0) as Kevent | undefined;
    this.#keventBase = base;
  }

  #isLast(base: number): boolean {
    const words = this.#words;
    if (((words[base + REQ_FLAGS] ?? 0) & ONESHOT) !== 0) return true;
    if (((words[base + RET_FLAGS] ?? 0) & BROKEN) !== 0) return true;
    // The inode is gone, and its watch with it.
    return words[base + TYPE] === INODE && ((words[base + DATA0] ?? 0) & IGNORED) !== 0;
  }
}
