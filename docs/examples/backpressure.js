// A slow reader and a ring of four slots: what does not fit waits, and nothing is lost.
import { setTimeout as sleep } from 'node:timers/promises';

import { Queue, request } from 'kevent';

const queue = new Queue({ ringSize: 4 });
const requests = Array.from({ length: 10 }, (_, id) => request.user(id, { once: true, ready: true }));
queue.addAll(requests);

let seen = 0;
for await (const batch of queue) {
  // Until the next batch is asked for, this one keeps its slots.
  await sleep(20);
  const { head, tail, ready } = queue.stats();
  const ids = [...batch].map(() => seen++);
  console.log(`events ${ids.join(' ')}: ${head - tail} slots in use, ${ready} events wait for room`);
  if (seen === requests.length) break;
}
queue.close();
