// consume-kevent.js EVENTS ROUNDS batch|event
//
// `for await (const batch of queue)`, or `for await (const event of queue.events())`, over EVENTS user
// events that are in the ring before the loop begins. CPU time in µs, of the loop alone and of
// making them ready and collecting them into the ring, as in consume-events-on.js.
import { setImmediate } from 'node:timers/promises';

import { Queue, request } from 'kevent';
import { KEVENT_FLAGS_NONBLOCK, kevent_wait } from 'kevent/raw';

import { cpuMicroseconds, print } from '../measure/cpu.js';

const [events, rounds] = process.argv.slice(2, 4).map(Number);
const by = process.argv[4];
const queue = new Queue({ ringSize: events });
const registrations = queue.addAll(Array.from({ length: events }, (_, index) => request.user(index)));
let sum = 0;
let produce = 0;
let consume = 0;

async function byBatch() {
  let ids = 0;
  let seen = 0;
  for await (const batch of queue) {
    for (const event of batch) ids += event.id0;
    seen += batch.length;
    if (seen === events) break;
  }
  return ids;
}

async function byEvent() {
  let ids = 0;
  let seen = 0;
  for await (const event of queue.events()) {
    ids += event.id0;
    seen += 1;
    if (seen === events) break;
  }
  return ids;
}

for (let round = -Math.ceil(rounds / 2); round < rounds; round += 1) {
  const start = cpuMicroseconds();
  for (const registration of registrations) registration.ready();
  const collected = kevent_wait(queue.fd, events, 0, null, KEVENT_FLAGS_NONBLOCK);
  if (collected !== events) throw new Error(`the ring took ${collected} of ${events} events`);
  const produced = cpuMicroseconds();
  sum += await (by === 'batch' ? byBatch() : byEvent());
  await setImmediate(); // by then the slots of the last events are given back
  if (round < 0) continue;
  produce += produced - start;
  consume += cpuMicroseconds() - produced;
}
print({ produce, consume, sum });
queue.close();
