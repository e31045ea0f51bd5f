// (e) Consuming what is already there.
import { interleave, program, runPinned } from '../measure/child.js';
import { median, ratio } from '../measure/numbers.js';

const EVENTS = 8192;
const ROUNDS = 100;
const REPETITIONS = 5;
const NODE = 'events.on';
const EVENT = 'kevent, for await by event';
const BATCH = 'kevent, for await by batch';

export const consume = {
  name: 'consume',
  title: 'Consuming what is already there',

  /** @returns {Promise<import('../report/result.js').Result>} */
  async measure() {
    const measured = [
      `${EVENTS.toLocaleString('en-US')} events, ${ROUNDS} times over, that wait when the loop begins: in the ring, or emitted and buffered by events.on. The loop reads one number of each event.`,
      'The loop: from its beginning to its end, commit included. Produced: kevent by one ready() per event and the collecting into the ring, events.on by one emit() of a small object per event.',
    ];
    const consumed = (/** @type {string[]} */ command) => () => {
      const [file, ...rest] = command;
      return runPinned([process.execPath, program(file), String(EVENTS), String(ROUNDS), ...rest]);
    };
    const runs = await interleave(
      {
        [NODE]: consumed(['consume-events-on.js']),
        [EVENT]: consumed(['consume-kevent.js', 'event']),
        [BATCH]: consumed(['consume-kevent.js', 'batch']),
      },
      REPETITIONS,
    );
    /** @type {(name: string, of: (one: any) => number) => number[]} */
    const cost = (name, of) => runs[name].map((one) => (of(one) * 1000) / (EVENTS * ROUNDS));
    const loop = (/** @type {any} */ one) => one.consume;
    const whole = (/** @type {any} */ one) => one.consume + one.produce;
    const unit = 'CPU ns per event';
    const figures = [
      ...[NODE, EVENT, BATCH].map((name) => ({
        label: `the loop: ${name}`,
        value: median(cost(name, loop)),
        unit,
      })),
      ...[NODE, EVENT, BATCH].map((name) => ({
        label: `produced and consumed: ${name}`,
        value: median(cost(name, whole)),
        unit,
      })),
    ];
    const checks = [
      {
        label: 'the loop: by event',
        value: ratio(cost(EVENT, loop), cost(NODE, loop)),
        unit: 'x events.on',
        most: 0.5,
      },
      {
        label: 'the loop: by batch',
        value: ratio(cost(BATCH, loop), cost(NODE, loop)),
        unit: 'x events.on',
        most: 0.1,
      },
    ];
    return { name: this.name, title: this.title, measured, figures, checks, skipped: [] };
  },
};
