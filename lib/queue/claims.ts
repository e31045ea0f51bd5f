import type { Attachment } from '../abi/handles.js';
import {
  CONTROL_COUNT,
  CONTROL_FINISHED,
  CONTROL_IN_TURN,
  CONTROL_LENGTH,
  CONTROL_PLAIN_FROM,
  CONTROL_POSITION,
  CONTROL_TURN,
} from '../abi/handles.js';
import { RING_HEADER_WORDS, UKEVENT_WORDS, WORD_USER0, WORD_USER1 } from '../abi/layout.js';
import { Backlog, type Hold, slotsBetween } from './backlog.js';
import type { Dispatch } from './dispatch.js';
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
  readonly backlog = new Backlog();
  /** What the loops have in hand. */
  readonly holds = new Set<Hold>();
  /** Called when the handlers of a turn have been, before the ticks and microtasks that they began. */
  afterHandlers: (() => void) | undefined;

  readonly #ring: RingView;
  readonly #registry: Registry;
  readonly #cursor: EventCursor;
  #attachment: Attachment | undefined;

  /** The run that was taken in last: position of its first slot, how many slots ... */
  #position = 0;
  #count = 0;
  /** ... and, during its turn, the position up to which slots are released, if that goes in order. */
  #next = NOWHERE;

  /** Slots that are released outside a turn and finished all together a little later: positions. */
  #lateFrom = 0;
  #lateTo = 0;
  #ticking = false;
  readonly #onTick = (): void => {
    this.#ticking = false;
    this.finishLate();
  };

  constructor(ring: RingView, registry: Registry) {
    this.#ring = ring;
    this.#registry = registry;
    this.#cursor = new EventCursor(ring, registry, false);
  }

  /** Whether handlers are being called. */
  get walking(): boolean {
    return this.#registry.handling !== undefined;
  }

  /** Which turn of the event loop it is that events are delivered in: a number. */
  get turn(): number {
    return this.control[CONTROL_TURN] ?? 0;
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
      this.releaseSeen(hold);
      hold.from = hold.at = hold.through = hold.to;
    }
    this.#attachment = undefined;
    this.#next = NOWHERE;
    this.backlog.clear();
  }

  /** Takes in the run of slots that `control` names. */
  takeIn(): void {
    const position = this.control[CONTROL_POSITION] ?? 0;
    // What comes out of a Float64Array would stay a double in every place that it gets to.
    const count = (this.control[CONTROL_COUNT] ?? 0) | 0;
    const base = (RING_HEADER_WORDS + (position % this.#ring.size) * UKEVENT_WORDS) | 0;
    const { backlog, control } = this;
    this.#registry.staleness.claimed(position, count, control[CONTROL_PLAIN_FROM] ?? 0);
    this.#position = position;
    this.#count = count;
    this.#next = NOWHERE;
    let done = 0;
    if (this.#registry.handled === 0 && !this.#registry.shared) {
      backlog.push(position, base, count);
    } else {
      this.#registry.handling = this.#cursor;
      done = this.#walk(base, position, count);
      this.#registry.handling = undefined;
      this.afterHandlers?.();
      if (this.#attachment === undefined) return; // a handler has closed the queue
    }
    if (!this.inTurn) return;
    this.#next = position + done;
    control[CONTROL_FINISHED] = backlog.isEmpty ? count : done;
  }

  /** What a loop has seen is consumed: the slots go back to the engine. */
  releaseSeen(hold: Hold): void {
    hold.through = hold.at;
    const { position } = hold;
    this.#release(position, this.#passed(hold));
  }

  /**
   * As releaseSeen, for what a loop by event is through with: outside a turn the slots are finished together, at
   * the latest when the microtasks have run, that is before a loop's body can have waited for anything.
   */
  releaseLater(hold: Hold): void {
    const { position } = hold;
    const count = this.#passed(hold);
    if (count === 0) return;
    if (position === this.#next && this.inTurn) {
      this.#release(position, count);
      return;
    }
    if (position !== this.#lateTo || this.#lateFrom === this.#lateTo) {
      this.#finishRange();
      this.#lateFrom = position;
    }
    this.#lateTo = position + count;
    this.expectLate();
  }

  /** A loop by event goes on: see releaseLater. */
  expectLate(): void {
    if (this.#ticking) return;
    this.#ticking = true;
    process.nextTick(this.#onTick);
  }

  finishLate(): void {
    for (const hold of this.holds) this.releaseLater(hold);
    if (this.#lateFrom !== this.#lateTo) this.#finishRange();
  }

  /** Another loop has begun: what one had for itself is shared from now on. */
  takeBack(): void {
    for (const hold of this.holds) {
      if (!hold.lent) continue;
      this.backlog.giveBack(hold.position + slotsBetween(hold.from, hold.at), hold.at, hold.to);
      hold.to = hold.at;
    }
  }

  /** How many slots the loop is through with; they are not part of the hold any more. */
  #passed(hold: Hold): number {
    const count = slotsBetween(hold.from, hold.through);
    hold.position += count;
    hold.from = hold.through;
    return count;
  }

  #finishRange(): void {
    const from = this.#lateFrom;
    const count = this.#lateTo - from;
    this.#lateFrom = this.#lateTo = 0;
    this.#release(from, count);
  }

  #release(position: number, count: number): void {
    if (count === 0) return;
    const { backlog, control } = this;
    backlog.release(count);
    const turn = this.#next !== NOWHERE && this.inTurn;
    if (turn && position === this.#next) {
      this.#next = position + count;
      control[CONTROL_FINISHED] = this.#next - this.#position;
    } else {
      this.#attachment?.finish(position, count);
    }
    if (turn && backlog.isEmpty) control[CONTROL_FINISHED] = this.#count;
  }

  /**
   * Dispatches what has a handler, in order, and puts the rest into the backlog.
   *
   * @returns how many slots from the first one on are done with
   */
  #walk(first: number, position: number, count: number): number {
    const { words } = this.#ring;
    const { backlog, control } = this;
    const registry = this.#registry;
    const cursor = this.#cursor;
    cursor.to = first + count * UKEVENT_WORDS;
    cursor.begin();
    const epoch = registry.staleness.from(position);
    // Slots behind one that has to wait are not part of the prefix that `control` can name.
    let apart = -1;
    let done = this.inTurn ? 0 : -1;
    for (let i = 0; i < count; i += 1) {
      const base = first + i * UKEVENT_WORDS;
      const user0 = words[base + WORD_USER0] ?? 0;
      if ((user0 & USER_HANDLED) === 0) {
        if (apart >= 0) this.#attachment?.finish(position + apart, i - apart);
        apart = -1;
        backlog.push(position + i, base, 1);
        continue;
      }
      if (done === i) {
        done = i + 1;
        // If the handler closes the queue, this is what counts.
        control[CONTROL_FINISHED] = done;
      } else if (apart < 0) {
        apart = i;
      }
      if (!registry.owns(user0)) continue;
      cursor.lookAhead(base);
      // Before the kevent ends, if this is its last event: so its handler may lose its number.
      const numbered = registry.numbered(words[base + WORD_USER1] ?? 0);
      if (!cursor.moveTo(base, epoch)) continue;
      this.#dispatch(numbered);
      if (this.#attachment === undefined) return done;
    }
    if (apart >= 0) this.#attachment?.finish(position + apart, count - apart);
    return done;
  }

  #dispatch(numbered: Dispatch | undefined): void {
    try {
      (numbered ?? this.#cursor.registration?.dispatch)?.run(this.#cursor);
    } catch (error) {
      // To 'uncaughtException', but not before the others have had their events.
      process.nextTick(() => {
        throw error;
      });
    }
  }
}
