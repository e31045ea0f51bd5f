// interval-node.js COUNT PERIOD_US
//
// The same as interval-kevent.js by setInterval, which counts its period, in whole milliseconds, from the call before:
// so does this. `drift`: by how many ns the last call came after COUNT periods.
import { print } from '../measure/cpu.js';

const [count, period] = process.argv.slice(2).map(Number);

/** @returns {Promise<{ lateness: number[], drift: number }>} */
function measure() {
  return new Promise((resolve) => {
    /** @type {number[]} */
    const lateness = [];
    const begin = performance.now();
    let before = begin;
    const timer = setInterval(() => {
      const now = performance.now();
      lateness.push((now - before) * 1e6 - period * 1000);
      before = now;
      if (lateness.length < count) return;
      clearInterval(timer);
      resolve({ lateness, drift: (now - begin) * 1e6 - count * period * 1000 });
    }, period / 1000);
  });
}

await measure();
print(await measure());
