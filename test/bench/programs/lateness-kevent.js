// lateness-kevent.js COUNT WINDOW_MS SEED
//
// COUNT one-shot TIMER kevents of a Queue with handlers, at random times of the next WINDOW_MS: by
// how many ns each handler ran after the time that was asked for.
import { Queue, request } from 'kevent';

import { print } from '../measure/cpu.js';
import { random } from '../measure/random.js';

const [count, window, seed] = process.argv.slice(2).map(Number);
const next = random(seed);
const queue = new Queue();
/** @type {number[]} */
const lateness = [];

for (let index = 0; index < count; index += 1) {
  const after = 10_000_000 + Math.floor(next() * window * 1e6);
  const due = process.hrtime.bigint() + BigInt(after);
  queue.add(request.timer({ after }), () => {
    lateness.push(Number(process.hrtime.bigint() - due));
    if (lateness.length < count) return;
    print({ lateness });
    queue.close();
  });
}
