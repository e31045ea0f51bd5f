// timers-node.js COUNT
//
// COUNT timers by setTimeout: added, cancelled, added again, fired. CPU time of each step in µs.
import { cpuMicroseconds, print } from '../measure/cpu.js';
import { durations } from './timers-durations.js';

const count = Number(process.argv[2]);
const milliseconds = durations(count);
let fired = 0;
let left = () => {};
const done = new Promise((resolve) => {
  left = () => {
    fired += 1;
    if (fired === count) resolve(undefined);
  };
});

const timers = new Array(count);
let start = cpuMicroseconds();
for (let index = 0; index < count; index += 1) timers[index] = setTimeout(left, milliseconds[index]);
const add = cpuMicroseconds() - start;

start = cpuMicroseconds();
for (let index = 0; index < count; index += 1) clearTimeout(timers[index]);
const cancel = cpuMicroseconds() - start;

for (let index = 0; index < count; index += 1) timers[index] = setTimeout(left, milliseconds[index]);
start = cpuMicroseconds();
await done;
print({ add, cancel, fire: cpuMicroseconds() - start });
