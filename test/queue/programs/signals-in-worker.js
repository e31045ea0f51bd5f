// In a worker: says 'ready', and then how often SIGURG has come, each time it comes.
import { parentPort } from 'node:worker_threads';

import { Queue, request } from 'kevent';

const queue = new Queue();
queue.add(request.signal('SIGURG'));
parentPort?.postMessage('ready');
let count = 0;
for await (const event of queue.events()) {
  count += event.data0;
  parentPort?.postMessage(count);
}
