// receive-kevent.js FIRST COUNT et|level|read batch|event WARM_MS RUN_MS
//
// Receives the events of inherited eventfds from a Queue, by batch or by event, and looks at each
// event's fd. read: level-triggered, and each eventfd is drained. Same output as epoll_loop.c.
import { readSync } from 'node:fs';

import { Queue, request } from 'kevent';

import { cpuMicroseconds, print } from '../measure/cpu.js';

const [first, count] = process.argv.slice(2, 4).map(Number);
const [mode, by] = process.argv.slice(4, 6);
const [warm, run] = process.argv.slice(6, 8).map(Number);

const queue = new Queue({ ringSize: 4096 });
queue.addAll(
  Array.from({ length: count }, (_, index) => request.poll(first + index, 'in', { edge: mode === 'et' })),
);

let events = 0;
let batches = 0;
let sum = 0;
let cpu = 0;
let filled = queue.stats();
setTimeout(() => {
  events = batches = 0;
  filled = queue.stats();
  cpu = cpuMicroseconds();
}, warm);
setTimeout(() => {
  // By event nobody sees the batches: then it is how often the origins were asked.
  if (by === 'event') batches = queue.stats().collects - filled.collects;
  print({ events, batches, cpuMicroseconds: cpuMicroseconds() - cpu, sum });
  queue.close();
}, warm + run);

const counter = new Uint8Array(8);
function drain(/** @type {number} */ fd) {
  try {
    sum += readSync(fd, counter);
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'EAGAIN') throw error;
  }
}

if (by === 'batch') {
  for await (const batch of queue) {
    for (const event of batch) {
      sum += event.id0;
      if (mode === 'read') drain(event.id0);
    }
    events += batch.length;
    batches += 1;
  }
} else {
  for await (const event of queue.events()) {
    sum += event.id0;
    if (mode === 'read') drain(event.id0);
    events += 1;
  }
}
