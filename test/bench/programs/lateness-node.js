// lateness-node.js COUNT WINDOW_MS SEED
//
// The same as lateness-kevent.js by setTimeout, with whole milliseconds: it has no finer ones.
import { print } from '../measure/cpu.js';
import { random } from '../measure/random.js';

const [count, window, seed] = process.argv.slice(2).map(Number);
const next = random(seed);
/** @type {number[]} */
const lateness = [];

for (let index = 0; index < count; index += 1) {
  const after = 10 + Math.floor(next() * window);
  const due = process.hrtime.bigint() + BigInt(after) * 1_000_000n;
  setTimeout(() => {
    lateness.push(Number(process.hrtime.bigint() - due));
    if (lateness.length === count) print({ lateness });
  }, after);
}
