// How late a stream of a timer with a period is.
import { interleave, program, runPunctually } from '../measure/child.js';
import { compile, native } from '../measure/native.js';
import { median, percentile } from '../measure/numbers.js';
import { digits } from '../report/result.js';

const COUNT = 1000;
const PERIOD_US = 1000;
const REPETITIONS = 5;
const C = 'C, timerfd and epoll';
const EXACT = 'kevent, interval(), exact';
const KEVENT = 'kevent, interval()';
const NODE = 'setInterval';

export const interval = {
  name: 'interval',
  title: 'Lateness of intervals',

  /** @returns {Promise<import('../report/result.js').Result>} */
  async measure() {
    const measured = [
      `${COUNT} values of a timer with a period of ${PERIOD_US / 1000} ms, in a process that does nothing else and that has, where that is allowed, a real-time priority: how long after its time the body of a \`for await\` loop runs, or a callback, or the C program has read the timerfd. The n-th value's time is n periods after the start.`,
      'The start is a point in time that was asked for. setInterval counts each period from the call before, and its drift after all of them stands beside it. In JavaScript the second of two rounds counts: the first, of four times as many, is for the compiler.',
      'An exact timer has its thread woken sooner than it is due, and waits for the rest on the processor: for a sixteenth of the time at most, that is 62.5 µs of CPU time for each value here. Beside p50 stands the CPU time that each value costs in all.',
    ];
    const base = { name: this.name, title: this.title, measured };
    const missing = await compile();
    if (missing !== undefined) return { ...base, figures: [], checks: [], skipped: [missing] };
    const late = (/** @type {string[]} */ command, /** @type {string[]} */ ...how) => {
      return () => runPunctually([...command, String(COUNT), String(PERIOD_US), ...how]);
    };
    const runs = await interleave(
      {
        [C]: late([native('timerfd_interval')]),
        [KEVENT]: late([process.execPath, program('interval-kevent.js')]),
        [EXACT]: late([process.execPath, program('interval-kevent.js')], 'exact'),
        [NODE]: late([process.execPath, program('interval-node.js')]),
      },
      REPETITIONS,
    );
    /** @type {(name: string, percent: number) => number} */
    const at = (name, percent) => median(runs[name].map((one) => percentile(one.lateness, percent) / 1000));
    const drift = median(runs[NODE].map((one) => one.drift / 1e6));
    /** @type {(name: string) => string} */
    const cost = (name) => `CPU: ${digits(median(runs[name].map((one) => one.cpu)))} µs each`;
    const figures = [50, 99].flatMap((percent) =>
      [C, KEVENT, EXACT, NODE].map((name) => ({
        label: `p${percent}: ${name}`,
        value: at(name, percent),
        unit: 'µs late',
        ...(percent === 50 && { detail: cost(name) }),
        ...(percent === 99 && name === NODE && { detail: `drift: ${drift.toFixed(1)} ms` }),
      })),
    );
    const checks = [{ label: 'p99: kevent, exact', value: at(EXACT, 99), unit: 'µs', most: 100 }];
    return { ...base, figures, checks, skipped: [] };
  },
};
