// Joins a queue and consumes it, by batch or by event, until its port says so; then says what it got.
import { parentPort, workerData } from 'node:worker_threads';

import { Queue } from 'kevent';

const queue = Queue.from(workerData.handle);
/** @type {number[]} */
const seen = [];
let registrations = 0;

parentPort?.on('message', () => queue.close());

async function byBatch() {
  for await (const batch of queue) {
    for (const event of batch) {
      seen.push(event.id0);
      if (event.registration) registrations += 1;
    }
    // Others are to have their share.
    if (workerData.slow) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function byEvent() {
  for await (const event of queue.events()) {
    seen.push(event.id0);
    if (event.registration) registrations += 1;
  }
}

const loop = workerData.by === 'batch' ? byBatch() : byEvent();
parentPort?.postMessage('ready');
await loop;
parentPort?.postMessage({ seen, registrations });
parentPort?.close();
