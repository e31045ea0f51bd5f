import { type ProcessExit, processExit } from '../../sources/process_exit.js';
import { UsageError } from '../usage_error.js';
import { type Occurrences, type Origin, occurrences, wholeNumber } from './origin.js';

function outcome({ pid, code, signal }: ProcessExit): string {
  if (signal !== null) return `${pid} was ended by ${signal}`;
  return code === null ? `${pid} has ended` : `${pid} has exited with ${code}`;
}

/** `exit:1234`: when that process ends. */
export const exit: Origin = {
  name: 'exit',
  argument: '1234',
  about: 'the end of the process with this pid, once',
  open(argument): Occurrences {
    const pid = wholeNumber(argument);
    if (pid === undefined || pid < 1 || pid > 0x7fffffff) {
      throw new UsageError(`'${argument}' is not a pid: use a positive number`);
    }
    return occurrences(processExit(pid), (end) => ({ text: outcome(end), fields: { ...end } }));
  },
};
