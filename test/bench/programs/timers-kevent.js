// timers-kevent.js COUNT
//
// COUNT one-shot TIMER kevents of a Queue: added in arrays of 10,000, cancelled, added again and
// fired. CPU time of each step in µs; making the requests is part of adding.
import { Queue, request } from 'kevent';

import { cpuMicroseconds, print } from '../measure/cpu.js';
import { durations } from './timers-durations.js';

const ARRAY = 10_000;
const count = Number(process.argv[2]);
const milliseconds = durations(count);
const queue = new Queue({ ringSize: 4096 });
let fired = 0;
let left = () => {};
const done = new Promise((resolve) => {
  left = () => {
    fired += 1;
    if (fired === count) resolve(undefined);
  };
});

/** @type {import('kevent').Registration[]} */
const timers = [];
function add() {
  for (let from = 0; from < count; from += ARRAY) {
    const requests = [];
    for (let index = from; index < from + ARRAY; index += 1) {
      requests.push(request.timer({ after: milliseconds[index] * 1_000_000 }));
    }
    for (const timer of queue.addAll(requests, left)) timers.push(timer);
  }
}

let start = cpuMicroseconds();
add();
const added = cpuMicroseconds() - start;

start = cpuMicroseconds();
for (const timer of timers) timer.remove();
const cancel = cpuMicroseconds() - start;

timers.length = 0;
add();
start = cpuMicroseconds();
await done;
print({ add: added, cancel, fire: cpuMicroseconds() - start });
queue.close();
