import { constants } from 'node:os';

/** How the program ends: with an exit status, or as the signal that it was sent would have ended it. */
export type Ending = number | NodeJS.Signals;

/** What a shell says of a program that a signal has ended. */
export function statusOf(signal: NodeJS.Signals): number {
  return 128 + constants.signals[signal];
}

/** Long enough for a signal to ourselves. */
const PATIENCE = 1000;

/**
 * Ends the process. A signal is sent to ourselves once more, now that nothing handles it: a shell that runs us in
 * a loop is to see that it was Ctrl-C.
 */
export function end(ending: Ending): void {
  if (typeof ending === 'number') process.exit(ending);
  process.removeAllListeners(ending);
  process.kill(process.pid, ending);
  setTimeout(() => process.exit(statusOf(ending)), PATIENCE);
}
