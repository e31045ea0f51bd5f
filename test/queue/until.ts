import { setImmediate as immediate } from 'node:timers/promises';

/** Resolves when `done` says so, looking after each turn of the event loop. */
export async function until(done: () => boolean): Promise<void> {
  while (!done()) await immediate();
}
