import { UKEVENT_WORDS } from '../abi/layout.js';
import type { QueueEvent } from './event.js';
import type { EventCursor } from './event_cursor.js';
import { Iteration, type Result, result } from './iteration.js';

// As in event_cursor.ts: a constant of the module itself is part of the code.
const SLOT = UKEVENT_WORDS;

/** A loop by event: `for await (const event of queue.events())`. */
export class Events extends Iteration<QueueEvent> {
  /** On one slot, or, as long as there is no other loop, on a whole run. What was handed out last is kept until more is asked for. */
  readonly #cursor: EventCursor = this.newCursor(true);
  #epoch = 0;

  /** The short way, for a loop that goes on with what is there: it is taken for each single event. */
  override next(): Promise<Result<QueueEvent>> {
    const cursor = this.#cursor;
    const base = cursor.at;
    if (base === cursor.to || !cursor.moveTo(base, this.#epoch)) return super.next();
    cursor.through = base;
    cursor.at = base + SLOT;
    this.consumer.claims.expectLate();
    return result(cursor.copy());
  }

  protected override take(): QueueEvent | undefined {
    const { consumer } = this;
    const { claims, registry } = consumer;
    const { backlog } = claims;
    const cursor = this.#cursor;
    for (;;) {
      for (let base = cursor.at; base < cursor.to; base += SLOT) {
        // Concurrent calls of next(): what was handed out is a copy, so nobody misses the slot.
        cursor.through = base;
        cursor.at = base + SLOT;
        if (cursor.moveTo(base, this.#epoch)) return cursor.copy();
      }
      cursor.through = cursor.at;
      claims.releaseLater(cursor);
      if (!(consumer.oneLoop ? backlog.take(cursor) : backlog.takeOne(cursor))) return undefined;
      this.#epoch = registry.staleness.from(cursor.position);
      cursor.begin();
    }
  }

  protected override consume(): void {
    this.#cursor.through = this.#cursor.at;
    this.consumer.claims.expectLate();
  }
}
