// (e) Consuming what is already there.
import { interleave, program, runPinned } from '../measure/child.js';
import { median, ratio } from '../measure/numbers.js';

const TOTAL = 2 ** 22;
const SIZES = [8192, 65_536];
const REPETITIONS = 5;
const NODE = 'events.on';
const EVENT = 'kevent, for await by event';
const BATCH = 'kevent, for await by batch';
const NOTHING = 'an async iterator, nothing else';
const AWAIT = 'await, nothing else';
const UNIT = 'CPU ns per event';

export const consume = {
  name: 'consume',
  title: 'Consuming what is already there',

  /** @returns {Promise<import('../report/result.js').Result>} */
  async measure() {
    /** @type {import('../report/result.js').Result} */
    const result = {
      name: this.name,
      title: this.title,
      measured: [
        `${SIZES.map((size) => size.toLocaleString('en-US')).join(' or ')} events that wait when the loop begins, in the ring, or emitted and buffered by events.on; again and again, ${TOTAL.toLocaleString('en-US')} in all, after others for the compiler. The loop adds up one number of each event, in a local variable, and leaves when it has seen all.`,
        'The loop: from its beginning until it has been left, giving back the slots included. With producing: also one ready() per event and a kevent_wait that collects them into the ring, or one emit() of a small object per event. By event: an object of its own for each, with everything that the slot says; events.on hands out the objects that were emitted.',
        'For comparison: an async iterator that only hands out small objects, which is what the language itself takes for each event; and without iterator and objects, the await of a promise that is resolved already, which is a part of it. No loop by event can be cheaper, whoever it comes from, and where events.on is less than twice that, its half is out of reach.',
      ],
      figures: [],
      checks: [],
      skipped: [],
    };
    for (const size of SIZES) await measureSize(result, size);
    return result;
  },
};

/**
 * @param {import('../report/result.js').Result} result
 * @param {number} size
 */
async function measureSize(result, size) {
  const consumed = (/** @type {string} */ file, /** @type {string[]} */ ...rest) => {
    const command = [process.execPath, program(file), String(size), String(TOTAL / size), ...rest];
    return () => runPinned(command);
  };
  const runs = await interleave(
    {
      [NODE]: consumed('consume-events-on.js'),
      [NOTHING]: consumed('consume-nothing.js', 'iterator'),
      [AWAIT]: consumed('consume-nothing.js', 'await'),
      [EVENT]: consumed('consume-kevent.js', 'event'),
      [BATCH]: consumed('consume-kevent.js', 'batch'),
    },
    REPETITIONS,
  );
  const label = `${size.toLocaleString('en-US')} events`;
  /** @type {(name: string) => number[]} */
  const loop = (name) => runs[name].map((one) => (one.consume * 1000) / TOTAL);
  for (const name of [NODE, NOTHING, AWAIT, EVENT, BATCH]) {
    const whole = median(runs[name].map((one) => ((one.consume + one.produce) * 1000) / TOTAL));
    result.figures.push({
      label: `${label}: ${name}`,
      value: median(loop(name)),
      unit: UNIT,
      ...(name !== NOTHING && name !== AWAIT && { detail: `${whole.toFixed(0)} with producing` }),
    });
  }
  const unit = 'x events.on';
  result.checks.push(
    { label: `${label}: by event`, value: ratio(loop(EVENT), loop(NODE)), unit, most: 0.5 },
    { label: `${label}: by batch`, value: ratio(loop(BATCH), loop(NODE)), unit, most: 0.1 },
  );
}
