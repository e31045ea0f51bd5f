import { createServer } from 'node:net';
import { workerData } from 'node:worker_threads';

import { DONE, type Place, RESULT, STATE } from './listening.js';

/** What this thread is given. */
export interface ListeningPlan {
  readonly shared: Int32Array;
  readonly place: Place;
}

const EINVAL = -22;
const { shared, place } = workerData as ListeningPlan;
const server = createServer();

function tell(result: number): void {
  Atomics.store(shared, RESULT, result);
  Atomics.store(shared, STATE, DONE);
  Atomics.notify(shared, STATE);
}

server.once('error', (error: NodeJS.ErrnoException) => tell(error.errno ?? EINVAL));
server.listen(place, () => {
  // Of no public interface; kevent's own sources look for it there too.
  const { _handle: handle } = server as unknown as { readonly _handle: { readonly fd: number } };
  tell(handle.fd);
  // Until the thread is terminated: its event loop would accept what comes.
  for (;;) Atomics.wait(shared, STATE, DONE);
});
