import { Queue } from './queue/queue.js';

let queue: Queue | undefined;

/**
 * This thread's queue for streams that are not given one: made when first asked for, and again if it was closed.
 * It costs nothing while no stream is read, keeps the process alive only for streams that do, and ends with
 * its thread.
 *
 * @throws EMFILE, ENOMEM; ERR_FEATURE_UNAVAILABLE_ON_PLATFORM
 * @example
 * for await (const tick of interval(100)) if (defaultQueue().stats().ready > 1000) break;
 */
export function defaultQueue(): Queue {
  if (queue === undefined || queue.closed) queue = new Queue();
  return queue;
}
