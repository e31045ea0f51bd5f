// What an idle kevent costs in memory.
import { interleave, program, run } from '../measure/child.js';
import { compile, native } from '../measure/native.js';
import { median } from '../measure/numbers.js';

const COUNT = 102_400;
const FIRST = 100;
const FDS = 15_360;
const REPETITIONS = 3;
const TYPES = [
  { type: 'timer', step: COUNT / 10, label: 'TIMER' },
  { type: 'user', step: COUNT / 10, label: 'UNOTIFY' },
  { type: 'poll', step: FDS / 10, label: 'POLL' },
];
const MEASURES = [
  { key: 'native', label: 'native memory, as kevent_stats counts it', most: 256 },
  { key: 'heap', label: 'JavaScript heap, Registration included', most: 64 },
];

export const memory = {
  name: 'memory',
  title: 'Memory of idle kevents',

  /** @returns {Promise<import('../report/result.js').Result>} */
  async measure() {
    const measured = [
      `${COUNT.toLocaleString('en-US')} idle kevents of one Queue (POLL: ${FDS.toLocaleString('en-US')} eventfds), per kevent, after garbage collection. JavaScript heap: what is used of it, array buffers included. The resident set also has the garbage that registering left behind.`,
    ];
    const base = { name: this.name, title: this.title, measured };
    const missing = await compile();
    if (missing !== undefined) return { ...base, figures: [], checks: [], skipped: [missing] };
    const runs = await interleave(
      Object.fromEntries(TYPES.map(({ type, step }) => [type, () => measureType(type, step)])),
      REPETITIONS,
    );
    const figures = [];
    const checks = [];
    for (const { type, label } of TYPES) {
      for (const { key, label: what, most } of MEASURES) {
        const value = median(runs[type].map((one) => one[key]));
        const rss = `resident set: ${median(runs[type].map((one) => one.rss)).toFixed(0)} bytes`;
        figures.push({
          label: `kevent, ${label}: ${what}`,
          value,
          unit: 'bytes per kevent',
          ...(key === 'native' && { detail: rss }),
        });
        checks.push({ label: `${label}: ${what}`, value, unit: 'bytes', most });
      }
    }
    return { ...base, figures, checks, skipped: [] };
  },
};

function measureType(/** @type {string} */ type, /** @type {number} */ step) {
  const receiver = [process.execPath, '--expose-gc', program('memory.js'), step, type, FIRST];
  return run([native('with_eventfds'), FDS, FIRST, '-', '--', ...receiver].map(String));
}
