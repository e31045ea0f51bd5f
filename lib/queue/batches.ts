import { type Batch, RingBatch } from './batch.js';
import { Iteration } from './iteration.js';

/** Its reactions are microtasks, for less than half of what Node.js's queueMicrotask takes. */
const settled = Promise.resolve();

/** A loop by batch: `for await (const batch of queue)`. */
export class Batches extends Iteration<Batch> {
  #batch: RingBatch | undefined;
  /** A batch was handed out just now: nobody can have seen it before the microtasks run. */
  #fresh = false;
  readonly #onMicrotask = (): void => {
    this.#fresh = false;
  };

  protected override take(): Batch | undefined {
    const { backlog } = this.consumer.claims;
    if (!backlog.hasMore) return undefined;
    let batch = this.#batch;
    // With concurrent calls of next() there are several batches in use at the same time.
    if (batch === undefined || batch.hold.from !== batch.hold.to) {
      batch = this.#batch = new RingBatch(this.consumer, this.newCursor(false), this);
    }
    backlog.take(batch.hold);
    batch.begin();
    this.#fresh = true;
    void settled.then(this.#onMicrotask);
    return batch;
  }

  protected override consume(): void {
    if (this.#fresh) return;
    for (const hold of this.holds) {
      hold.at = hold.to;
      this.consumer.claims.releaseSeen(hold);
    }
  }
}
