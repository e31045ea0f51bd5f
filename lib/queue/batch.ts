import { UKEVENT_WORDS } from '../abi/layout.js';
import { type Hold, slotsBetween } from './backlog.js';
import type { Claims } from './claims.js';
import type { Consumer } from './consumer.js';
import type { QueueEvent } from './event.js';
import type { EventCursor } from './event_cursor.js';
import type { Staleness } from './staleness.js';

/**
 * The events that have come since the batch before, in the order of the ring, which it reads in place. A
 * batch can be gone through once: each `for` goes on where the last one stopped, and gives the same reused event
 * object for every event. It is good until the next batch is asked for.
 *
 * @example
 * for await (const batch of queue) {
 *   for (const event of batch) console.log(event.type, event.data0);
 * }
 */
export interface Batch extends Iterable<QueueEvent> {
  /** Events in it, seen or not. Those of kevents that were removed meanwhile are skipped, and counted. */
  readonly length: number;
  /**
   * Gives back the slots of the events seen so far, the current one included, without waiting for
   * the next batch. They cannot be read after that.
   */
  commit(): void;
}

// As in event_cursor.ts: a constant of the module itself is part of the code.
const SLOT = UKEVENT_WORDS;

export class RingBatch implements Batch, Iterator<QueueEvent> {
  length = 0;
  /** Not used, but as long as somebody has the batch its loop must not be garbage. */
  readonly loop: object;
  readonly #claims: Claims;
  readonly #cursor: EventCursor;
  readonly #staleness: Staleness;
  #epoch = 0;

  constructor(consumer: Consumer, cursor: EventCursor, loop: object) {
    this.loop = loop;
    this.#claims = consumer.claims;
    this.#staleness = consumer.registry.staleness;
    this.#cursor = cursor;
  }

  get hold(): Hold {
    return this.#cursor;
  }

  /** The hold has a run. */
  begin(): void {
    const cursor = this.#cursor;
    this.length = slotsBetween(cursor.from, cursor.to);
    this.#epoch = this.#staleness.from(cursor.position);
    cursor.begin();
  }

  [Symbol.iterator](): this {
    return this;
  }

  // One literal and one return: inlined into a loop, V8 then makes no object.
  next(): IteratorResult<QueueEvent> {
    const cursor = this.#cursor;
    let value: QueueEvent | undefined;
    for (let base = cursor.at; base < cursor.to; base += SLOT) {
      // Seen from now on: also if the loop's body throws.
      cursor.at = base + SLOT;
      if (cursor.moveTo(base, this.#epoch)) {
        value = cursor;
        break;
      }
    }
    return { value, done: value === undefined } as IteratorResult<QueueEvent>;
  }

  commit(): void {
    this.#claims.releaseSeen(this.#cursor);
  }
}
