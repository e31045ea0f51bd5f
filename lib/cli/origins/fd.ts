import { lines } from '../../sources/lines.js';
import { UsageError } from '../usage_error.js';
import { type Occurrences, type Origin, occurrences, wholeNumber } from './origin.js';

/** `fd:0`: each line that comes from a pipe, terminal or socket. */
export const fd: Origin = {
  name: 'fd',
  argument: '0',
  about: 'lines from a pipe, terminal or socket that is open as this fd',
  takesInput: (argument) => wholeNumber(argument) === 0,
  open(argument): Occurrences {
    const number = wholeNumber(argument);
    if (number === undefined || number > 0x7fffffff) {
      throw new UsageError(`'${argument}' is not a file descriptor: use its number, such as 0`);
    }
    return occurrences(lines(number), (line) => ({ text: line, fields: { fd: number, line } }));
  },
};
