import { isMainThread } from 'node:worker_threads';

import { binding } from './binding.js';

/*
 * libuv installs its own handler with sigaction when the first `process.on('SIG…')` listener of a
 * signal comes, and takes it out when the last one goes; either replaces the handler by which
 * SIGNAL kevents are recorded. Node does this in listeners of its own for 'newListener' and
 * 'removeListener', put in at bootstrap and therefore called before ours. Only the main thread has signal
 * listeners, and only it hears of them: a worker has to look from time to time.
 */

/** Milliseconds. A signal that comes between a change of listeners and the next look is missed by a worker. */
const WORKER_LOOKS_EVERY = 100;

const holders = new Set<number>();
let looking: NodeJS.Timeout | undefined;

function reassert(event: string | symbol): void {
  if (typeof event === 'string' && event.startsWith('SIG')) binding().signalReassert();
}

/**
 * Says that a queue has SIGNAL kevents: from now on they survive listeners that come and go.
 *
 * @param fd - the queue
 */
export function holdSignals(fd: number): void {
  if (holders.has(fd)) return;
  if (holders.size === 0) {
    if (isMainThread) {
      process.on('newListener', reassert);
      process.on('removeListener', reassert);
    } else {
      looking = setInterval(() => binding().signalReassert(), WORKER_LOOKS_EVERY).unref();
    }
  }
  holders.add(fd);
}

/** Says that a queue has no SIGNAL kevents any more, or is closed. */
export function releaseSignals(fd: number): void {
  if (!holders.delete(fd) || holders.size > 0) return;
  clearInterval(looking);
  process.removeListener('newListener', reassert);
  process.removeListener('removeListener', reassert);
}

/** Whether {@link holdSignals} has nothing left to do for this queue. */
export function signalsHeld(fd: number): boolean {
  return holders.has(fd);
}
