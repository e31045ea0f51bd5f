import { rmSync } from 'node:fs';
import { Worker } from 'node:worker_threads';

import { systemError } from '../abi/errors.js';
import type { ListeningPlan } from './listening_thread.js';

/** Where to listen. */
export type Place = { readonly port: number; readonly host?: string } | { readonly path: string };

/** What the thread says in the memory that it shares: whether it is done, then the fd or a negative errno. */
export const STATE = 0;
export const RESULT = 1;
const STARTING = 0;
export const DONE = 1;

/** How long a thread may take to start on a machine that is busy: milliseconds. */
const PATIENCE = 30_000;

/**
 * A listening socket from which only we accept. Node.js makes one only together with a server, which accepts by
 * itself; so it belongs to a thread whose event loop stands still from then on.
 *
 * @throws SystemError: EADDRINUSE, EACCES, EADDRNOTAVAIL, ENOTFOUND …
 */
export function listen(place: Place): { readonly fd: number; close(): void } {
  const shared = new Int32Array(new SharedArrayBuffer(8));
  const plan: ListeningPlan = { shared, place };
  const thread = new Worker(new URL('./listening_thread.js', import.meta.url), { workerData: plan });
  thread.unref();
  Atomics.wait(shared, STATE, STARTING, PATIENCE);
  const fd = Atomics.load(shared, RESULT);
  if (Atomics.load(shared, STATE) === DONE && fd >= 0) {
    return {
      fd,
      close() {
        // The thread cannot close its server any more, which would remove the socket's file.
        if ('path' in place) rmSync(place.path, { force: true });
        void thread.terminate();
      },
    };
  }
  void thread.terminate();
  throw systemError(fd < 0 ? fd : -110, 'listen');
}
