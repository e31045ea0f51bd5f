import type { Attachment } from '../abi/handles.js';
import {
  CONTROL_COUNT,
  CONTROL_FINISHED,
  CONTROL_IN_TURN,
  CONTROL_LENGTH,
  CONTROL_POSITION,
} from '../abi/handles.js';
import { RING_HEADER_WORDS, UKEVENT_WORDS, WORD_USER0 } from '../abi/layout.js';
import { Backlog, type Hold } from './backlog.js';
import { EventCursor, type RingView } from './event_cursor.js';
import { type Registry, USER_HANDLED } from './registry.js';

/** `#next` while slots of the turn's run must be finished one by one. */
const NOWHERE = -1;

/**
 * The slots that this thread has claimed. Events with a handler are dispatched as they come, the
 * others wait in the backlog for the loops; a slot is finished when its event was consumed.
 *
 * Inside a turn, finishing slots from the beginning of its run is one write into `control`, which
 * native code looks at when the turn is over. Anything else is a native call.
 */
export class Claims {
  readonly control = new Float64Array(new SharedArrayBuffer(CONTROL_LENGTH * 8));
  readonly backlog: Backlog;
  /** What the loops have in hand. */
  readonly holds = new Set<Hold>();

  readonly #ring: RingView;
  readonly #registry: Registry;
  readonly #cursor: EventCursor;
  #attachment: Attachment | undefined;
  #walking = false;

  /** The run that was taken in last: position of its first slot, how many slots, its first number ... */
  #position = 0;
  #count = 0;
  #first = 0;
  /** ... and, during its turn, the first number that is not released, if they are released in order. */
  #next = NOWHERE;

  /** Numbers that are released outside a turn and finished all together a little later. */
  #lateFrom = 0;
  #lateTo = 0;
  readonly #onTick = (): void => this.finishLate();

  constructor(ring: RingView, registry: Registry) {
    this.#ring = ring;
    this.#registry = registry;
    this.#cursor = new EventCursor(ring, registry);
    this.backlog = new Backlog(ring.size);
  }

  /** Whether handlers are being called. */
  get walking(): boolean {
    return this.#walking;
  }

  get inTurn(): boolean {
    return this.control[CONTROL_IN_TURN] === 1;
  }

  attach(attachment: Attachment): void {
    this.#attachment = attachment;
  }

  /** The attachment is going to be closed: what was not seen goes to other threads. */
  detach(): void {
    this.finishLate();
    for (const hold of this.holds) {
      this.release(hold.from, hold.at);
      hold.from = hold.at = hold.to;
    }
    this.#attachment = undefined;
    this.#next = NOWHERE;
    this.backlog.clear();
  }

  /** Takes in the run of slots that `control` names. */
  takeIn(): void {
    const position = this.control[CONTROL_POSITION] ?? 0;
    const count = this.control[CONTROL_COUNT] ?? 0;
    const base = RING_HEADER_WORDS + (position % this.#ring.size) * UKEVENT_WORDS;
    const { backlog, control } = this;
    backlog.begin();
    this.#position = position;
    this.#count = count;
    this.#first = backlog.tail;
    this.#next = NOWHERE;
    if (this.#registry.handled === 0 && !this.#registry.shared) {
      backlog.push(base, position, count);
    } else {
      this.#walking = true;
      this.#walk(base, position, count);
      this.#walking = false;
      if (this.#attachment === undefined) return; // a handler has closed the queue
    }
    if (!this.inTurn) return;
    this.#next = this.#first;
    control[CONTROL_FINISHED] =
      backlog.tail === this.#first ? count : backlog.position(this.#first) - position;
  }

  /** The events with these numbers are consumed: their slots go back to the engine. */
  release(from: number, to: number): void {
    if (from === to) return;
    const { backlog } = this;
    backlog.release(to - from);
    if (!this.inTurn || this.#next === NOWHERE) {
      this.#finish(from, to);
      return;
    }
    const start = Math.max(from, Math.min(to, this.#first));
    if (from < start) this.#finish(from, start);
    if (start < to) {
      if (start === this.#next) {
        this.#next = to;
        this.control[CONTROL_FINISHED] =
          to === backlog.tail ? this.#count : backlog.position(to) - this.#position;
      } else {
        this.#finish(start, to);
      }
    }
    if (backlog.isEmpty) this.control[CONTROL_FINISHED] = this.#count;
  }

  /**
   * As release, for one event of many: outside a turn they are finished together, at the latest
   * when the microtasks have run, that is before a loop's body can have waited for anything.
   */
  releaseOne(number: number): void {
    if (number === this.#next && this.inTurn) {
      this.release(number, number + 1);
    } else if (number === this.#lateTo && this.#lateFrom < number) {
      this.#lateTo += 1;
    } else {
      this.finishLate();
      this.#lateFrom = number;
      this.#lateTo = number + 1;
      process.nextTick(this.#onTick);
    }
  }

  finishLate(): void {
    const from = this.#lateFrom;
    const to = this.#lateTo;
    this.#lateFrom = this.#lateTo = 0;
    this.release(from, to);
  }

  /** Dispatches what has a handler, in order, and puts the rest into the backlog. */
  #walk(first: number, position: number, count: number): void {
    const { words } = this.#ring;
    const { backlog, control } = this;
    const registry = this.#registry;
    const prefix = this.inTurn;
    // Slots behind one that has to wait are not part of the prefix that `control` can name.
    let apart = -1;
    for (let i = 0; i < count; i += 1) {
      const base = first + i * UKEVENT_WORDS;
      const user0 = words[base + WORD_USER0] ?? 0;
      if ((user0 & USER_HANDLED) === 0) {
        if (apart >= 0) this.#attachment?.finish(position + apart, i - apart);
        apart = -1;
        backlog.push(base, position + i, 1);
        continue;
      }
      if (!prefix || backlog.tail > this.#first) {
        if (apart < 0) apart = i;
      } else {
        control[CONTROL_FINISHED] = i + 1;
      }
      if (!registry.owns(user0) || !this.#cursor.moveTo(base)) continue;
      this.#dispatch();
      if (this.#attachment === undefined) return;
    }
    if (apart >= 0) this.#attachment?.finish(position + apart, count - apart);
  }

  #dispatch(): void {
    try {
      this.#cursor.registration?.dispatch.run(this.#cursor);
    } catch (error) {
      // To 'uncaughtException', but not before the others have had their events.
      process.nextTick(() => {
        throw error;
      });
    }
  }

  #finish(from: number, to: number): void {
    const position = this.backlog.position(from);
    this.#attachment?.finish(position, this.backlog.position(to - 1) - position + 1);
  }
}
