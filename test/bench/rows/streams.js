// Events as streams.
import { interleave, program, runPinned } from '../measure/child.js';
import { median, ratio } from '../measure/numbers.js';

const TOTAL = 2 ** 21;
const SIZES = [8192, 65_536];
const REPETITIONS = 5;
const NODE = 'events.on';
const READABLE = 'web ReadableStream';
const NOTHING = 'an async iterator, nothing else';
const EVENT = 'kevent, for await';
const BATCH = 'kevent, batches()';
const UNIT = 'CPU ns per event';

export const streams = {
  name: 'streams',
  title: 'Events as streams',

  /** @returns {Promise<import('../report/result.js').Result>} */
  async measure() {
    /** @type {import('../report/result.js').Result} */
    const result = {
      name: this.name,
      title: this.title,
      measured: [
        `${SIZES.map((size) => size.toLocaleString('en-US')).join(' or ')} small objects that wait when a \`for await\` loop begins: user events in the window of an EventStream, emitted and buffered by events.on, or enqueued in a web ReadableStream (which cannot hold many more: each read of 65,536 takes 19 µs of moving the others); again and again, ${TOTAL.toLocaleString('en-US')} in all, after others for the compiler. The loop reads one number of each.`,
        'The loop: from its beginning to its end. With producing: also one ready() per event, its way through the ring and the handler that makes the object; one emit(); or one enqueue().',
        'For comparison: an async iterator that only hands out small objects, which is what the language itself takes for each event. No loop by event can be cheaper.',
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
  const small = size === SIZES[0];
  /** @type {Record<string, any[]>} */
  const runs = await interleave(
    /** @type {Record<string, () => Promise<any>>} */ ({
      [NODE]: consumed('consume-events-on.js'),
      ...(small && { [READABLE]: consumed('streams-readable.js') }),
      [NOTHING]: consumed('consume-nothing.js', 'iterator'),
      [EVENT]: consumed('streams-kevent.js', 'event'),
      [BATCH]: consumed('streams-kevent.js', 'batch'),
    }),
    REPETITIONS,
  );
  const label = `${size.toLocaleString('en-US')} events`;
  /** @type {(name: string) => number[]} */
  const loop = (name) => runs[name].map((one) => (one.consume * 1000) / TOTAL);
  for (const name of Object.keys(runs)) {
    const whole = median(runs[name].map((one) => ((one.consume + one.produce) * 1000) / TOTAL));
    result.figures.push({
      label: `${label}: ${name}`,
      value: median(loop(name)),
      unit: UNIT,
      ...(name !== NOTHING && { detail: `${whole.toFixed(0)} with producing` }),
    });
  }
  const check = (/** @type {string} */ of, /** @type {string} */ to, /** @type {number} */ most) => {
    result.checks.push({ label: `${label}: ${of}`, value: ratio(loop(of), loop(to)), unit: `x ${to}`, most });
  };
  check(EVENT, NODE, 1 / 2);
  if (small) check(EVENT, READABLE, 1 / 8);
  check(BATCH, NODE, 1 / 10);
}
