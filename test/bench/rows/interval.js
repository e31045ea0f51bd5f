// How late a stream of a timer with a period is.
import { interleave, program, runPunctually } from '../measure/child.js';
import { compile, native } from '../measure/native.js';
import { median, percentile } from '../measure/numbers.js';

const COUNT = 1000;
const PERIOD_US = 1000;
const REPETITIONS = 5;
const C = 'C, timerfd and epoll';
const KEVENT = 'kevent, interval()';
const NODE = 'setInterval';

export const interval = {
  name: 'interval',
  title: 'Lateness of intervals',

  /** @returns {Promise<import('../report/result.js').Result>} */
  async measure() {
    const measured = [
      `${COUNT} values of a timer with a period of ${PERIOD_US / 1000} ms, in a process that does nothing else and that has, where that is allowed, a real-time priority: how long after its time the body of a \`for await\` loop runs, or a callback, or the C program has read the timerfd. The n-th value's time is n periods after the start.`,
      'The start is a point in time that was asked for. setInterval counts each period from the call before, and its drift after all of them stands beside it. In JavaScript the second of two rounds counts: the first is for the compiler.',
    ];
    const base = { name: this.name, title: this.title, measured };
    const missing = await compile();
    if (missing !== undefined) return { ...base, figures: [], checks: [], skipped: [missing] };
    const late = (/** @type {string[]} */ command) => {
      return () => runPunctually([...command, String(COUNT), String(PERIOD_US)]);
    };
    const runs = await interleave(
      {
        [C]: late([native('timerfd_interval')]),
        [KEVENT]: late([process.execPath, program('interval-kevent.js')]),
        [NODE]: late([process.execPath, program('interval-node.js')]),
      },
      REPETITIONS,
    );
    /** @type {(name: string, percent: number) => number} */
    const at = (name, percent) => median(runs[name].map((one) => percentile(one.lateness, percent) / 1000));
    const drift = median(runs[NODE].map((one) => one.drift / 1e6));
    const figures = [50, 99].flatMap((percent) =>
      [C, KEVENT, NODE].map((name) => ({
        label: `p${percent}: ${name}`,
        value: at(name, percent),
        unit: 'µs late',
        ...(name === NODE && { detail: `drift: ${drift.toFixed(1)} ms` }),
      })),
    );
    const checks = [{ label: 'p99: kevent', value: at(KEVENT, 99), unit: 'µs', most: 100 }];
    return { ...base, figures, checks, skipped: [] };
  },
};
