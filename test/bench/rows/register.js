// (d) Registering many kevents by one call.
import { interleave, program, run } from '../measure/child.js';
import { compile, native } from '../measure/native.js';
import { median, ratio } from '../measure/numbers.js';

const TOTAL = 100_000;
const FIRST = 100;
const FDS = 10_000;
const SIZES = [1, 100, 10_000];
const REPETITIONS = 3;
const KINDS = [
  { kind: 'user', label: `${TOTAL.toLocaleString('en-US')} user events` },
  { kind: 'poll', label: `${FDS.toLocaleString('en-US')} eventfds, POLL` },
];

export const register = {
  name: 'register',
  title: 'Registering in arrays',

  /** @returns {Promise<import('../report/result.js').Result>} */
  async measure() {
    const measured = [
      'kevent_ctl ADD of the same number of kevents into an empty queue, in arrays of 1, of 100 and of 10,000 entries that were written beforehand. POLL includes an epoll_ctl and a poll each.',
    ];
    const base = { name: this.name, title: this.title, measured };
    const missing = await compile();
    if (missing !== undefined) return { ...base, figures: [], checks: [], skipped: [missing] };
    const receiver = [process.execPath, program('register.js'), TOTAL, FIRST, FDS];
    const command = [native('with_eventfds'), FDS, FIRST, '-', '--', ...receiver].map(String);
    const { all } = await interleave({ all: () => run(command) }, REPETITIONS);
    const figures = [];
    const checks = [];
    for (const { kind, label } of KINDS) {
      const cost = (/** @type {number} */ size) => all.map((one) => one[kind][size]);
      for (const size of SIZES) {
        const name = `kevent_ctl, ${label}, arrays of ${size.toLocaleString('en-US')}`;
        figures.push({ label: name, value: median(cost(size)), unit: 'CPU ns per entry' });
      }
      checks.push(
        { label: `${label}: arrays of 100 against 1`, value: ratio(cost(100), cost(1)), unit: 'x', most: 1 },
        {
          label: `${label}: arrays of 10,000 against 100`,
          value: ratio(cost(10_000), cost(100)),
          unit: 'x',
          most: 1,
        },
      );
    }
    return { ...base, figures, checks, skipped: [] };
  },
};
