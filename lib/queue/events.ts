import type { Hold } from './backlog.js';
import type { Consumer } from './consumer.js';
import type { QueueEvent } from './event.js';
import { EventCursor } from './event_cursor.js';
import { Iteration, type Result, result } from './iteration.js';

/** A loop by event: `for await (const event of queue.events())`. */
export class Events extends Iteration<QueueEvent> {
  readonly #cursor: EventCursor;
  /** The event handed out last, whose slot is kept until the next one is asked for. */
  readonly #hold: Hold = this.newHold();

  constructor(consumer: Consumer) {
    super(consumer);
    this.#cursor = new EventCursor(consumer.ring, consumer.registry);
  }

  /** The short way, for a loop that goes on with what is there: it is taken for each single event. */
  override next(): Promise<Result<QueueEvent>> {
    const event = this.running ? this.take() : undefined;
    return event === undefined ? super.next() : result(event);
  }

  protected override take(): QueueEvent | undefined {
    const { claims } = this.consumer;
    const hold = this.#hold;
    const cursor = this.#cursor;
    do {
      // Concurrent calls of next(): what was handed out is a copy, so nobody misses the slot.
      if (hold.from < hold.at) claims.releaseOne(hold);
      if (!claims.backlog.takeOne(hold)) return undefined;
    } while (!cursor.moveTo(hold.from));
    return cursor.copy();
  }

  protected override consume(): void {
    const hold = this.#hold;
    if (hold.from < hold.at) this.consumer.claims.releaseOne(hold);
  }
}
