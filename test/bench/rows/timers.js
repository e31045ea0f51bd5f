// (b) A million timers.
import { interleave, program, runPinned } from '../measure/child.js';
import { median, ratio } from '../measure/numbers.js';

const COUNT = 1_000_000;
const REPETITIONS = 5;
const NODE = 'setTimeout, clearTimeout';
const HANDLER = 'kevent, Queue, one handler';
const BATCH = 'kevent, Queue, loop by batch';
const RAW = 'kevent/raw, kevent_ctl';
const STEPS = /** @type {const} */ (['add', 'cancel', 'fire']);

export const timers = {
  name: 'timers',
  title: 'A million timers',

  /** @returns {Promise<import('../report/result.js').Result>} */
  async measure() {
    const timersOf =
      (/** @type {string} */ file, /** @type {string[]} */ ...rest) =>
      () =>
        runPinned([process.execPath, program(file), String(COUNT), ...rest]);
    const runs = await interleave(
      {
        [NODE]: timersOf('timers-node.js'),
        [HANDLER]: timersOf('timers-kevent.js', 'handler'),
        [BATCH]: timersOf('timers-kevent.js', 'batch'),
        [RAW]: timersOf('timers-raw.js'),
      },
      REPETITIONS,
    );
    /** @type {(name: string, step: string) => number[]} */
    const cost = (name, step) => runs[name].map((one) => (one[step] * 1000) / COUNT);
    const figure = (/** @type {string} */ label, /** @type {string} */ name, /** @type {string} */ step) => ({
      label: `${label}: ${name}`,
      value: median(cost(name, step)),
      unit: 'CPU ns per timer',
    });
    const figures = STEPS.flatMap((step) =>
      [NODE, HANDLER, BATCH, RAW].map((name) => figure(step, name, step)),
    );
    figures.push(figure('cancel, each by remove()', HANDLER, 'remove'));
    const checks = [HANDLER, BATCH, RAW].flatMap((name) =>
      STEPS.map((step) => ({
        label: `${step}: ${name}`,
        value: ratio(cost(name, step), cost(NODE, step)),
        unit: 'x setTimeout',
        most: 1,
      })),
    );
    const measured = [
      `${COUNT.toLocaleString('en-US')} one-shot timers of 1.2 to 2 s, in whole milliseconds, all with one and the same callback: added, cancelled; added again, and waited for until all have fired.`,
      'kevent adds and cancels in arrays of 10,000; making the requests, or filling the arrays, is part of it. kevent/raw has no callbacks: it fetches 4,096 events at a time.',
    ];
    return { name: this.name, title: this.title, measured, figures, checks, skipped: [] };
  },
};
