// memory.js STEP timer|user|poll FIRST          (node --expose-gc)
//
// What an idle kevent of a Queue costs, in bytes: ten times STEP are added, and all Registrations kept. JavaScript
// heap and array buffers: the median of the steps, as what is made only once, compiled code
// included, is not of interest. Native memory, as the queue counts it, and resident set: of all.
import { setImmediate } from 'node:timers/promises';

import { Queue, request } from 'kevent';

import { print } from '../measure/cpu.js';
import { median } from '../measure/numbers.js';

const STEPS = 10;
const DAY = 86_400_000_000_000;
const step = Number(process.argv[2]);
const type = process.argv[3];
const first = Number(process.argv[4]);
const count = STEPS * step;

async function heap() {
  for (let turn = 0; turn < 3; turn += 1) {
    await setImmediate(); // what a WeakRef has led to lives until the end of a turn
    globalThis.gc?.();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

function one(/** @type {number} */ index) {
  if (type === 'timer') return request.timer({ every: DAY + index });
  if (type === 'user') return request.user(index);
  return request.poll(first + index, 'in');
}

const queue = new Queue();
/** @type {(import('kevent').Registration | undefined)[]} */
const kept = new Array(count).fill(undefined);
const native = queue.stats().memory;
const rss = process.memoryUsage.rss();
const costs = [];
for (let from = 0; from < count; from += step) {
  const before = await heap();
  const added = queue.addAll(Array.from({ length: step }, (_, index) => one(from + index)));
  for (let index = 0; index < step; index += 1) kept[from + index] = added[index];
  added.length = 0;
  costs.push(((await heap()) - before) / step);
}
print({
  heap: median(costs),
  native: (queue.stats().memory - native) / count,
  rss: (process.memoryUsage.rss() - rss) / count,
});
queue.close();
