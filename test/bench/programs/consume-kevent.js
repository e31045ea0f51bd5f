// consume-kevent.js EVENTS ROUNDS batch|event
//
// `for await (const batch of queue)`, or `for await (const event of queue.events())`, over EVENTS user
// events that are in the ring before the loop begins. CPU time in µs, of the loop alone and of
// making them ready and collecting them into the ring, as in consume-events-on.js.
import { setImmediate } from 'node:timers/promises';

import { Queue, request } from 'kevent';
import { KEVENT_FLAGS_NONBLOCK, kevent_wait } from 'kevent/raw';

import { cpuMicroseconds, print } from '../measure/cpu.js';
import { costOf } from '../measure/rounds.js';

const [most, rounds] = process.argv.slice(2, 4).map(Number);
const by = process.argv[4];
const queue = new Queue({ ringSize: most });
const registrations = queue.addAll(Array.from({ length: most }, (_, index) => request.user(index)));
let sum = 0;

function sumOf(/** @type {import('kevent').Batch} */ batch) {
  let sum = 0;
  for (const event of batch) sum = (sum + event.id0) | 0;
  return sum;
}

async function byBatch(/** @type {number} */ events) {
  let sum = 0;
  let seen = 0;
  for await (const batch of queue) {
    sum = (sum + sumOf(batch)) | 0;
    seen += batch.length;
    if (seen === events) break;
  }
  return sum;
}

async function byEvent(/** @type {number} */ events) {
  let sum = 0;
  let seen = 0;
  for await (const event of queue.events()) {
    sum = (sum + event.id0) | 0;
    seen += 1;
    if (seen === events) break;
  }
  return sum;
}

async function round(/** @type {number} */ events) {
  const start = cpuMicroseconds();
  for (let index = 0; index < events; index += 1) registrations[index]?.ready();
  const collected = kevent_wait(queue.fd, events, 0, null, KEVENT_FLAGS_NONBLOCK);
  if (collected !== events) throw new Error(`the ring took ${collected} of ${events} events`);
  const produced = cpuMicroseconds();
  sum = (sum + (await (by === 'batch' ? byBatch(events) : byEvent(events)))) | 0;
  const consumed = cpuMicroseconds();
  const { head, tail } = queue.stats();
  if (head !== tail) throw new Error('there are slots that were not given back');
  await setImmediate(); // what a loop puts off until the event loop's turn, it may do now
  return { produce: produced - start, consume: consumed - produced };
}

print({ ...(await costOf(rounds, most, round)), sum });
queue.close();
