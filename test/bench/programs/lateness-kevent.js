// lateness-kevent.js COUNT WINDOW_MS SEED [exact]
//
// COUNT one-shot TIMER kevents of a Queue with handlers, at random times of WINDOW_MS that begin 100 ms
// from now: by how many ns each handler ran after the time that was asked for. The rounds before that are for the
// compiler: while it is at work, timers are late by a millisecond.
import { Queue, request } from 'kevent';

import { cpuMicroseconds, print } from '../measure/cpu.js';
import { random } from '../measure/random.js';

const WARM_ROUNDS = 8; // what runs once a timer is compiled late
const HEAD_START_MS = 100; // until all timers are set
const [count, window, seed] = process.argv.slice(2, 5).map(Number);
const exact = process.argv[5] === 'exact';
const next = random(seed);
const queue = new Queue();

/** @returns {Promise<{ lateness: number[], cpu: number }>} */
function measure(/** @type {number} */ milliseconds) {
  return new Promise((resolve) => {
    /** @type {number[]} */
    const lateness = [];
    for (let index = 0; index < count; index += 1) {
      const after = HEAD_START_MS * 1e6 + Math.floor(next() * milliseconds * 1e6);
      const due = performance.now() + after / 1e6;
      queue.add(request.timer({ after, exact }), () => {
        lateness.push((performance.now() - due) * 1e6);
        if (lateness.length === count) resolve({ lateness, cpu: (cpuMicroseconds() - used) / count });
      });
    }
    const used = cpuMicroseconds();
  });
}

for (let i = 0; i < WARM_ROUNDS; i += 1) await measure(window / 4);
print(await measure(window));
queue.close();
