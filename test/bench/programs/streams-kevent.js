// streams-kevent.js EVENTS ROUNDS event|batch
//
// `for await (const event of stream)`, or `... of stream.batches()`, over EVENTS user events of a queue that are in
// the stream's window before the loop begins. CPU time in µs, of the loop alone and of making them ready and
// delivering them into the window, as in consume-events-on.js.
import { setImmediate } from 'node:timers/promises';

import { EventStream, Queue, request } from 'kevent';

import { cpuMicroseconds, print } from '../measure/cpu.js';

const [events, rounds] = process.argv.slice(2, 4).map(Number);
const how = process.argv[4];
/** @typedef {{ id: number, count: number }} Value */

// One more than the loop reads: the one for which the stream is opened.
const total = events + 1;
const queue = new Queue({ ringSize: 2 * events });
/** @type {import('kevent').Sink<Value> | undefined} */
let sink;
let pushed = 0;
const registrations = queue.addAll(
  Array.from({ length: total }, (_, index) => request.user(index)),
  ({ id0: id, data0: count }) => {
    pushed += 1;
    sink?.push({ id, count });
  },
);
/** @type {EventStream<Value>} */
const stream = new EventStream(
  {
    level: false,
    open(opened) {
      sink = opened;
      const nothing = () => undefined;
      return { mute: nothing, unmute: nothing, ref: nothing, unref: nothing, close: nothing };
    },
  },
  { window: total },
);

let sum = 0;
let produce = 0;
let consume = 0;

async function byEvent() {
  let ids = 0;
  for await (const event of stream) ids += event.id;
  return ids;
}

async function byBatch() {
  let ids = 0;
  for await (const batch of stream.batches()) for (const event of batch) ids += event.id;
  return ids;
}

for (let round = -Math.ceil(rounds / 2); round < rounds; round += 1) {
  if (round === 0) produce = consume = 0;
  const start = cpuMicroseconds();
  const opener = stream[Symbol.asyncIterator]();
  const first = opener.next();
  pushed = 0;
  for (const registration of registrations) registration.ready();
  while (pushed < total) await setImmediate();
  await first;
  const produced = cpuMicroseconds();
  const loop = how === 'batch' ? byBatch() : byEvent();
  sink?.end(); // when the loop has had what waits
  sum += await loop;
  produce += produced - start;
  consume += cpuMicroseconds() - produced;
}
print({ produce, consume, sum });
queue.close();
