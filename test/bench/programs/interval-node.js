// interval-node.js COUNT PERIOD_US
//
// The same as interval-kevent.js by setInterval, which counts its period, in whole milliseconds, from the call before:
// so does this. The first time is four times as long, for the compiler. `drift`: by how many ns the last call came
// after COUNT periods.
import { cpuMicroseconds, print } from '../measure/cpu.js';

const [count, period] = process.argv.slice(2).map(Number);

/** @returns {Promise<{ lateness: number[], cpu: number, drift: number }>} */
function measure(/** @type {number} */ values) {
  return new Promise((resolve) => {
    /** @type {number[]} */
    const lateness = [];
    const used = cpuMicroseconds();
    const begin = performance.now();
    let before = begin;
    const timer = setInterval(() => {
      const now = performance.now();
      lateness.push((now - before) * 1e6 - period * 1000);
      before = now;
      if (lateness.length < values) return;
      clearInterval(timer);
      const cpu = (cpuMicroseconds() - used) / values;
      resolve({ lateness, cpu, drift: (now - begin) * 1e6 - values * period * 1000 });
    }, period / 1000);
  });
}

await measure(4 * count);
print(await measure(count));
