import type { Hold } from './backlog.js';
import type { Consumer } from './consumer.js';
import type { QueueEvent } from './event.js';
import { EventCursor } from './event_cursor.js';
import { Iteration } from './iteration.js';

/** A loop by event: `for await (const event of queue.events())`. */
export class Events extends Iteration<QueueEvent> {
  readonly #cursor: EventCursor;
  /** The event handed out last, whose slot is kept until the next one is asked for. */
  #hold: Hold | undefined;

  constructor(consumer: Consumer) {
    super(consumer);
    this.#cursor = new EventCursor(consumer.ring, consumer.registry);
  }

  protected override take(): QueueEvent | undefined {
    const { claims } = this.consumer;
    for (;;) {
      const number = claims.backlog.takeOne();
      if (number < 0) return undefined;
      // Concurrent calls of next(): what is handed out is a copy, so nobody misses the slot.
      this.consume();
      const hold = this.#hold ?? this.newHold();
      this.#hold = hold;
      hold.from = number;
      hold.at = hold.to = number + 1;
      if (this.#cursor.moveTo(claims.backlog.base(number))) return this.#cursor.copy();
    }
  }

  protected override consume(): void {
    const hold = this.#hold;
    if (hold === undefined || hold.from === hold.to) return;
    const { from } = hold;
    hold.from = hold.to;
    this.consumer.claims.releaseOne(from);
  }
}
