import { interval } from '../../sources/interval.js';
import { parseDuration } from '../duration_text.js';
import { type Occurrences, type Origin, occurrences } from './origin.js';

/** `timer:1s`: every second. */
export const timer: Origin = {
  name: 'timer',
  argument: '1s',
  about: 'every so often: ns, us, ms, s, m, h, d',
  open(argument): Occurrences {
    return occurrences(interval(parseDuration(argument)), ({ count, index }) => ({
      text: count > 1 ? `${index} (${count} at once)` : `${index}`,
      fields: { count, index },
    }));
  },
};
