// memory.js COUNT timer|user|poll FIRST          (node --expose-gc)
//
// What COUNT idle kevents of a Queue cost, in bytes each: native memory as the queue counts it, JavaScript
// heap and array buffers with all Registrations kept.
import { Queue, request } from 'kevent';

import { print } from '../measure/cpu.js';

const count = Number(process.argv[2]);
const type = process.argv[3];
const first = Number(process.argv[4]);
const ARRAY = 10_000;
const DAY = 86_400_000_000_000;

function heap() {
  globalThis.gc?.();
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function one(/** @type {number} */ index) {
  if (type === 'timer') return request.timer({ every: DAY + index });
  if (type === 'user') return request.user(index);
  return request.poll(first + index, 'in');
}

/**
 * Adds `count` kevents; keeps their Registrations in `kept`, if it is given.
 *
 * @param {Queue} queue
 * @param {number} from
 * @param {number} to
 * @param {(import('kevent').Registration | undefined)[]} [kept]
 */
function add(queue, from, to, kept) {
  for (let at = from; at < to; at += ARRAY) {
    const length = Math.min(ARRAY, to - at);
    const requests = Array.from({ length }, (_, index) => one(at + index));
    const registrations = queue.addAll(requests);
    if (kept !== undefined)
      for (const [index, registration] of registrations.entries()) kept[at + index] = registration;
  }
}

// What is made only once, code included.
const before = new Queue();
add(before, 0, ARRAY);
before.close();

const queue = new Queue();
/** @type {(import('kevent').Registration | undefined)[]} */
const kept = new Array(count).fill(undefined);
const start = { heap: heap(), native: queue.stats().memory, rss: process.memoryUsage.rss() };
add(queue, 0, count, kept);
const perKevent = (/** @type {number} */ bytes) => bytes / count;
print({
  heap: perKevent(heap() - start.heap),
  native: perKevent(queue.stats().memory - start.native),
  rss: perKevent(process.memoryUsage.rss() - start.rss),
});
queue.close();
