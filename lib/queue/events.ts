import { UKEVENT_WORDS } from '../abi/layout.js';
import type { Hold } from './backlog.js';
import type { Consumer } from './consumer.js';
import type { QueueEvent } from './event.js';
import { EventCursor } from './event_cursor.js';
import { Iteration, type Result, result } from './iteration.js';

// As in event_cursor.ts: a constant of the module itself is part of the code.
const SLOT = UKEVENT_WORDS;

/** A loop by event: `for await (const event of queue.events())`. */
export class Events extends Iteration<QueueEvent> {
  readonly #cursor: EventCursor;
  /** Of one slot, or, as long as there is no other loop, of a whole run. What was handed out last is kept until more is asked for. */
  readonly #hold: Hold = this.newHold(true);
  #epoch = 0;

  constructor(consumer: Consumer) {
    super(consumer);
    this.#cursor = new EventCursor(consumer.ring, consumer.registry);
  }

  /** The short way, for a loop that goes on with what is there: it is taken for each single event. */
  override next(): Promise<Result<QueueEvent>> {
    const hold = this.#hold;
    const base = hold.at;
    if (base === hold.to || !this.#cursor.moveTo(base, this.#epoch)) return super.next();
    hold.through = base;
    hold.at = base + SLOT;
    this.consumer.claims.expectLate();
    return result(this.#cursor.copy());
  }

  protected override take(): QueueEvent | undefined {
    const { consumer } = this;
    const { claims, registry } = consumer;
    const { backlog } = claims;
    const hold = this.#hold;
    for (;;) {
      for (let base = hold.at; base < hold.to; base += SLOT) {
        // Concurrent calls of next(): what was handed out is a copy, so nobody misses the slot.
        hold.through = base;
        hold.at = base + SLOT;
        if (this.#cursor.moveTo(base, this.#epoch)) return this.#cursor.copy();
      }
      hold.through = hold.at;
      claims.releaseLater(hold);
      if (!(consumer.oneLoop ? backlog.take(hold) : backlog.takeOne(hold))) return undefined;
      this.#epoch = registry.staleness.from(hold.position);
      this.#cursor.runEnd = hold.to;
    }
  }

  protected override consume(): void {
    this.#hold.through = this.#hold.at;
    this.consumer.claims.expectLate();
  }
}
