// memory.js COUNT timer|user|poll FIRST          (node --expose-gc)
//
// What COUNT idle kevents of a Queue cost, in bytes each: native memory as the queue counts it, JavaScript
// heap and array buffers while all Registrations are kept, and after they are dropped.
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

/** @param {Queue} queue @param {import('kevent').Registration[]} kept @param {number} from @param {number} to */
function add(queue, kept, from, to) {
  for (let at = from; at < to; at += ARRAY) {
    const length = Math.min(ARRAY, to - at);
    const requests = Array.from({ length }, (_, index) => one(at + index));
    for (const registration of queue.addAll(requests)) kept.push(registration);
  }
}

const queue = new Queue();
/** @type {import('kevent').Registration[]} */
let kept = new Array(count).fill(undefined);
kept.length = 0;
add(queue, kept, 0, 1); // what is only ever made once
const before = { heap: heap(), native: queue.stats().memory, rss: process.memoryUsage.rss() };
add(queue, kept, 1, count);
const whileKept = heap() - before.heap;
const native = queue.stats().memory - before.native;
const rss = process.memoryUsage.rss() - before.rss;
kept = [];
const afterwards = heap() - before.heap;
print({ native: native / count, kept: whileKept / count, dropped: afterwards / count, rss: rss / count });
queue.close();
