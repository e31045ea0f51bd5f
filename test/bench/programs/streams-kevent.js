// streams-kevent.js EVENTS ROUNDS event|batch
//
// `for await (const event of stream)`, or `... of stream.batches()`, over EVENTS user events of a queue that are in
// the stream's window before the loop begins. CPU time in µs, of the loop alone and of making them ready and
// delivering them into the window, as in consume-events-on.js.
import { setImmediate } from 'node:timers/promises';

import { EventStream, Queue, request } from 'kevent';

import { cpuMicroseconds, print } from '../measure/cpu.js';
import { costOf } from '../measure/rounds.js';

const [most, rounds] = process.argv.slice(2, 4).map(Number);
const how = process.argv[4];
/** @typedef {{ id: number, count: number }} Value */

const queue = new Queue({ ringSize: 2 * most });
/** @type {import('kevent').Sink<Value> | undefined} */
let sink;
let pushed = 0;
const registrations = queue.addAll(
  // One more than the loop reads: the one for which the stream is opened.
  Array.from({ length: most + 1 }, (_, index) => request.user(index)),
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
  { window: most + 1 },
);

let sum = 0;

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

async function round(/** @type {number} */ events) {
  const start = cpuMicroseconds();
  const opener = stream[Symbol.asyncIterator]();
  const first = opener.next();
  pushed = 0;
  for (let index = 0; index <= events; index += 1) registrations[index]?.ready();
  while (pushed <= events) await setImmediate();
  await first;
  const produced = cpuMicroseconds();
  const loop = how === 'batch' ? byBatch() : byEvent();
  sink?.end(); // when the loop has had what waits
  sum = (sum + (await loop)) | 0;
  return { produce: produced - start, consume: cpuMicroseconds() - produced };
}

print({ ...(await costOf(rounds, most, round)), sum });
queue.close();
