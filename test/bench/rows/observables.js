// Events as Observables.
import { interleave, program, runPinned } from '../measure/child.js';
import { median, ratio } from '../measure/numbers.js';

const TOTAL = 2 ** 20;
const SIZE = 8192;
const REPETITIONS = 5;
const SUBJECT = 'a bare Subject';
const STREAM = 'kevent, fromStream';
const FROM = "kevent, RxJS's from";
const UNIT = 'CPU ns per event';

export const observables = {
  name: 'observables',
  title: 'Events as Observables',

  /** @returns {Promise<import('../report/result.js').Result>} */
  async measure() {
    const observed = (/** @type {string} */ how) => {
      const command = [process.execPath, program('observe.js'), String(SIZE), String(TOTAL / SIZE), how];
      return () => runPinned(command);
    };
    const runs = await interleave(
      { [SUBJECT]: observed('subject'), [STREAM]: observed('observable'), [FROM]: observed('from') },
      REPETITIONS,
    );
    /** @type {(name: string) => number[]} */
    const each = (name) => runs[name].map((one) => (one.deliver * 1000) / TOTAL);
    return {
      name: this.name,
      title: this.title,
      measured: [
        `${SIZE.toLocaleString('en-US')} user events that are in the ring, again and again, ${TOTAL.toLocaleString('en-US')} in all, each as a small object to one subscriber: from a handler of the queue that calls next() of a Subject, or from a stream as an Observable.`,
        'From the first event to the last; making them ready is not counted.',
      ],
      figures: [SUBJECT, STREAM, FROM].map((name) => ({
        label: name,
        value: median(each(name)),
        unit: UNIT,
      })),
      checks: [
        {
          label: 'fromStream',
          value: ratio(each(STREAM), each(SUBJECT)),
          unit: 'x a bare Subject',
          most: 1.3,
        },
      ],
      skipped: [],
    };
  },
};
