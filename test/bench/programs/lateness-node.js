// lateness-node.js COUNT WINDOW_MS SEED
//
// The same as lateness-kevent.js by setTimeout, with whole milliseconds: it has no finer ones.
import { cpuMicroseconds, print } from '../measure/cpu.js';
import { random } from '../measure/random.js';

const WARM_ROUNDS = 8; // what runs once a timer is compiled late
const HEAD_START_MS = 100;
const [count, window, seed] = process.argv.slice(2).map(Number);
const next = random(seed);

/** @returns {Promise<{ lateness: number[], cpu: number }>} */
function measure(/** @type {number} */ milliseconds) {
  return new Promise((resolve) => {
    /** @type {number[]} */
    const lateness = [];
    for (let index = 0; index < count; index += 1) {
      const after = HEAD_START_MS + Math.floor(next() * milliseconds);
      const due = performance.now() + after;
      setTimeout(() => {
        lateness.push((performance.now() - due) * 1e6);
        if (lateness.length === count) resolve({ lateness, cpu: (cpuMicroseconds() - used) / count });
      }, after);
    }
    const used = cpuMicroseconds();
  });
}

for (let i = 0; i < WARM_ROUNDS; i += 1) await measure(window / 4);
print(await measure(window));
