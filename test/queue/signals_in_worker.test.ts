import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

import { expect, it } from 'vitest';

it("a worker's SIGNAL kevent survives a listener of the main thread that comes and goes", async () => {
  const worker = new Worker(new URL('./programs/signals-in-worker.js', import.meta.url));
  await once(worker, 'message');
  let count = 0;
  worker.on('message', (now: number) => {
    count = now;
  });
  const comes = async (): Promise<void> => {
    const before = count;
    // Again and again: one that comes before the worker has looked is missed.
    await expect
      .poll(() => {
        process.kill(process.pid, 'SIGURG');
        return count;
      })
      .toBeGreaterThan(before);
  };
  const listener = (): void => {};
  process.on('SIGURG', listener);
  await comes();
  process.removeListener('SIGURG', listener);
  await comes();
  await worker.terminate();
});
