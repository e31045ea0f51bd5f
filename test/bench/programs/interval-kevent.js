// interval-kevent.js COUNT PERIOD_US [exact]
//
// A `for await` loop over interval() with a start: by how many ns its body ran after the time of each of COUNT
// values, which is so many periods after the start. Twice: the first time, four times as many at a quarter of the
// period, is for the compiler. `cpu`: µs of CPU time for each value.
import { interval } from 'kevent';

import { cpuMicroseconds, print } from '../measure/cpu.js';

const [count, period] = process.argv.slice(2, 4).map(Number);
const exact = process.argv[4] === 'exact';

async function measure(/** @type {number} */ values, /** @type {bigint} */ nanoseconds) {
  /** @type {number[]} */
  const lateness = [];
  const used = cpuMicroseconds();
  const start = process.hrtime.bigint() + nanoseconds;
  for await (const { index } of interval(nanoseconds, { clock: 'monotonic', start, exact })) {
    const due = start + BigInt(index - 1) * nanoseconds;
    lateness.push(Number(process.hrtime.bigint() - due));
    if (lateness.length === values) break;
  }
  return { lateness, cpu: (cpuMicroseconds() - used) / values };
}

await measure(4 * count, BigInt(period) * 250n);
print(await measure(count, BigInt(period) * 1000n));
