// (c) The cost of an event does not grow with what is registered.
import { interleave, program, run } from '../measure/child.js';
import { compile, native } from '../measure/native.js';
import { median } from '../measure/numbers.js';

const ACTIVE = 100;
const READABLE = 50;
const FIRST = 100;
const FDS = 10_100;
const REPETITIONS = 3;
const WAYS = [
  { way: 'eventfds', label: 'eventfds, kevent by batch', writer: true },
  { way: 'user', label: 'user events, kevent/raw', writer: false },
];

export const idle = {
  name: 'idle',
  title: 'Idle kevents beside the active ones',

  /** @returns {Promise<import('../report/result.js').Result>} */
  async measure() {
    const measured = [
      `The cost of one event of ${ACTIVE} active kevents while 10 to 100,000 others are registered and idle: a third each of timers of a day, of user events and, up to ${(FDS - ACTIVE).toLocaleString('en-US')}, of POLL on eventfds.`,
      `Eventfds: level-triggered, written and drained by another process so that about ${READABLE} are readable at any time. User events: made ready by one kevent_ctl, fetched by one kevent_get_events, both included.`,
    ];
    const base = { name: this.name, title: this.title, measured };
    const missing = await compile();
    if (missing !== undefined) return { ...base, figures: [], checks: [], skipped: [missing] };
    /** @type {import('../report/result.js').Figure[]} */
    const figures = [];
    const checks = [];
    const runs = await interleave(
      Object.fromEntries(WAYS.map((one) => [one.way, () => measureWay(one.way, one.writer)])),
      REPETITIONS,
    );
    for (const { way, label } of WAYS) {
      const levels = Object.keys(runs[way][0]);
      const costs = levels.map((level) => median(runs[way].map((one) => one[level])));
      levels.forEach((level, index) => {
        const idle = Number(level).toLocaleString('en-US');
        figures.push({ label: `${label}: ${idle} idle`, value: costs[index], unit: 'CPU ns per event' });
      });
      const value = Math.max(...costs.slice(1)) / costs[0];
      checks.push({ label: `${label}: dearest, against 10 idle`, value, unit: 'x', most: 1.15 });
    }
    return { ...base, figures, checks, skipped: [] };
  },
};

function measureWay(/** @type {string} */ way, /** @type {boolean} */ written) {
  const writer = written ? [native('eventfd_writer'), FIRST, ACTIVE, READABLE, 0] : ['-'];
  const receiver = [process.execPath, program('idle.js'), way, ACTIVE, FIRST, FDS];
  return run([native('with_eventfds'), FDS, FIRST, ...writer, '--', ...receiver].map(String));
}
