// interval-kevent.js COUNT PERIOD_US
//
// A `for await` loop over interval() with a start: by how many ns its body ran after the time of each of COUNT
// values, which is so many periods after the start. Twice: the first time is for the compiler.
import { interval } from 'kevent';

import { print } from '../measure/cpu.js';

const [count, period] = process.argv.slice(2).map(Number);
const nanoseconds = BigInt(period) * 1000n;

async function measure() {
  /** @type {number[]} */
  const lateness = [];
  const start = process.hrtime.bigint() + nanoseconds;
  for await (const { index } of interval(nanoseconds, { clock: 'monotonic', start })) {
    const due = start + BigInt(index - 1) * nanoseconds;
    lateness.push(Number(process.hrtime.bigint() - due));
    if (lateness.length === count) break;
  }
  return lateness;
}

await measure();
print({ lateness: await measure() });
