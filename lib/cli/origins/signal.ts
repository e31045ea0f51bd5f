import { signalNumber } from '../../queue/signal_number.js';
import { signals } from '../../sources/signals.js';
import { UsageError } from '../usage_error.js';
import { type Occurrences, type Origin, occurrences, wholeNumber } from './origin.js';

/** With or without SIG, in any case, or a number. */
function signalOf(argument: string): string | number {
  const number = wholeNumber(argument);
  if (number !== undefined) return number;
  const name = argument.toUpperCase();
  return name.startsWith('SIG') ? name : `SIG${name}`;
}

/** `signal:HUP`: whenever that is sent to kevent itself. */
export const signal: Origin = {
  name: 'signal',
  argument: 'HUP',
  about: 'a signal that is sent to kevent: a name or a number',
  signal: (argument) => `${signalOf(argument)}`,
  open(argument): Occurrences {
    const asked = signalOf(argument);
    try {
      signalNumber(asked);
    } catch {
      throw new UsageError(`'${argument}' is not a signal: use a name such as HUP or RTMIN+3, or a number`);
    }
    return occurrences(signals(asked), ({ signal: name, signo, code, pid, uid, value, count }) => ({
      text: `${name} from pid ${pid}, uid ${uid}${count > 1 ? ` (${count} at once)` : ''}`,
      fields: { signal: name, signo, code, pid, uid, value, count },
    }));
  },
};
