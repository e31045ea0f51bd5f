// (b) How late timers are.
import { interleave, program, runPunctually } from '../measure/child.js';
import { compile, native } from '../measure/native.js';
import { median, percentile, ratio } from '../measure/numbers.js';
import { digits } from '../report/result.js';

const COUNT = 2000;
const WINDOW_MS = 1000;
const REPETITIONS = 5;
const C = 'C, timerfd and epoll';
const KEVENT = 'kevent, Queue with handlers';
const EXACT = 'kevent, the same, exact';
const NODE = 'setTimeout';

export const lateness = {
  name: 'lateness',
  title: 'Lateness of timers',

  /** @returns {Promise<import('../report/result.js').Result>} */
  async measure() {
    const measured = [
      `${COUNT} one-shot timers at random times of ${WINDOW_MS / 1000} s, in a process that does nothing else and that has, where that is allowed, a real-time priority: how long after the time asked for the handler runs. The C program has one timerfd that it sets for the earliest; setTimeout gets whole milliseconds. In JavaScript the last of nine rounds counts: the others are for the compiler.`,
      'An exact timer has its thread woken sooner than it is due, and waits for the rest on the processor, for a sixteenth of the time at most. Beside p50 stands the CPU time that each timer costs, without setting it in JavaScript.',
    ];
    const base = { name: this.name, title: this.title, measured };
    const missing = await compile();
    if (missing !== undefined) return { ...base, figures: [], checks: [], skipped: [missing] };
    let seed = 0;
    const late = (/** @type {string[]} */ command, /** @type {string[]} */ ...how) => {
      return () => {
        seed += 1;
        return runPunctually([...command, String(COUNT), String(WINDOW_MS), String(seed), ...how]);
      };
    };
    const runs = await interleave(
      {
        [C]: late([native('timerfd_lateness')]),
        [KEVENT]: late([process.execPath, program('lateness-kevent.js')]),
        [EXACT]: late([process.execPath, program('lateness-kevent.js')], 'exact'),
        [NODE]: late([process.execPath, program('lateness-node.js')]),
      },
      REPETITIONS,
    );
    /** @type {(name: string, percent: number) => number[]} */
    const at = (name, percent) => runs[name].map((one) => percentile(one.lateness, percent) / 1000);
    /** @type {(name: string) => string} */
    const cost = (name) => `CPU: ${digits(median(runs[name].map((one) => one.cpu)))} µs each`;
    const figures = [50, 99].flatMap((percent) =>
      [C, KEVENT, EXACT, NODE].map((name) => ({
        label: `p${percent}: ${name}`,
        value: median(at(name, percent)),
        unit: 'µs late',
        ...(percent === 50 && { detail: cost(name) }),
      })),
    );
    const beyond = at(KEVENT, 50).map((value, repetition) => value - at(C, 50)[repetition]);
    const checks = [
      { label: 'p50: kevent beyond C', value: median(beyond), unit: 'µs', most: 30 },
      { label: 'p99: kevent', value: ratio(at(KEVENT, 99), at(C, 99)), unit: 'x C', most: 1.5 },
    ];
    return { ...base, figures, checks, skipped: [] };
  },
};
