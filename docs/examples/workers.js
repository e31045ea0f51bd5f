// Two worker threads share one queue: each event goes to exactly one of them.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { Queue, request } from 'kevent';

const EVENTS = 100;
const MILLISECOND = 1_000_000;

async function main() {
  const queue = new Queue();
  const start = () => new Worker(new URL(import.meta.url), { workerData: queue.handle() });
  const workers = [start(), start()];
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  queue.addAll(Array.from({ length: EVENTS }, (_, id) => request.timer({ after: id * MILLISECOND })));

  const shares = [0, 0];
  workers.forEach((worker, index) => {
    worker.on('message', (count) => {
      shares[index] += count;
      if (shares[0] + shares[1] === EVENTS) for (const each of workers) each.postMessage('enough');
    });
  });
  await Promise.all(workers.map((worker) => once(worker, 'exit')));
  console.log(`one worker had ${shares[0]} events, the other ${shares[1]}`);
  queue.close();
}

async function work() {
  const queue = Queue.from(workerData);
  parentPort?.once('message', () => queue.close());
  parentPort?.postMessage('ready');
  for await (const batch of queue) {
    await sleep(5); // while this thread works, events go to the other
    parentPort?.postMessage(batch.length);
  }
}

await (isMainThread ? main() : work());
