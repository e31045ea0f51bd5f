import type { Subscriber } from 'rxjs';

import type { Demand } from './demand.js';

/** Once the demand is open; at the latest when the subscriber is gone. */
function opened(demand: Demand, subscriber: Subscriber<unknown>): Promise<void> {
  return new Promise((resolve) => {
    const takeBack = demand.onChange(() => {
      if (demand.open) done();
    });
    subscriber.add(done);
    function done(): void {
      takeBack();
      subscriber.remove(done);
      resolve();
    }
  });
}

/** A subscriber as a loop over an iterable: it asks for a value when the one before was taken, and more are wanted. */
export async function iterate<T>(
  values: AsyncIterable<T>,
  subscriber: Subscriber<T>,
  demand: Demand | undefined,
): Promise<void> {
  let ended = false;
  try {
    const iterator = values[Symbol.asyncIterator]();
    // At once, not when the call of next() that waits has returned: that may be never.
    subscriber.add(async () => {
      if (!ended) await iterator.return?.();
    });
    while (!subscriber.closed) {
      if (demand?.open === false) await opened(demand, subscriber);
      if (subscriber.closed) return;
      const result = await iterator.next();
      if (result.done === true) {
        ended = true;
        subscriber.complete();
      } else {
        subscriber.next(result.value);
      }
    }
  } catch (error) {
    ended = true;
    subscriber.error(error);
  }
}
