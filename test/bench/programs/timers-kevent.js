// timers-kevent.js COUNT handler|batch
//
// COUNT one-shot TIMER kevents of a Queue: added in arrays of 10,000 and cancelled one by one; added again and
// cancelled in arrays; added again and fired, to one handler or to a loop by batch. CPU time of
// each step in µs; making the requests is part of adding.
import { Queue, request } from 'kevent';

import { cpuMicroseconds, print } from '../measure/cpu.js';
import { durations } from './timers-durations.js';

const ARRAY = 10_000;
const count = Number(process.argv[2]);
const to = process.argv[3];
const milliseconds = durations(count);
const queue = new Queue({ ringSize: 4096 });
let fired = 0;
let left = () => {};
const allFired = new Promise((resolve) => {
  left = () => {
    fired += 1;
    if (fired === count) resolve(undefined);
  };
});

/** The CPU time of a step. */
function spent(/** @type {() => void} */ step) {
  const start = cpuMicroseconds();
  step();
  return cpuMicroseconds() - start;
}

/** @type {import('kevent').Registration[][]} */
const arrays = [];
function add() {
  for (let from = 0; from < count; from += ARRAY) {
    const requests = [];
    for (let index = from; index < from + ARRAY; index += 1) {
      requests.push(request.timer({ after: milliseconds[index] * 1_000_000 }));
    }
    arrays[from / ARRAY] = queue.addAll(requests, to === 'handler' ? left : undefined);
  }
}

const added = spent(add);
const removed = spent(() => {
  for (const timers of arrays) {
    for (const timer of timers) timer.remove();
  }
});
add();
const removedInArrays = spent(() => {
  for (const timers of arrays) queue.removeAll(timers);
});

add();
const start = cpuMicroseconds();
if (to === 'handler') {
  await allFired;
} else {
  for await (const batch of queue) {
    for (const _ of batch) left();
    if (fired === count) break;
  }
}
print({ add: added, remove: removed, cancel: removedInArrays, fire: cpuMicroseconds() - start });
queue.close();
