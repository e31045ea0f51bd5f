// consume-events-on.js EVENTS ROUNDS
//
// `for await (const [event] of on(emitter, 'event'))` over EVENTS events that were emitted before the
// loop begins. CPU time in µs, of the loop alone and of emitting, over all ROUNDS.
import { EventEmitter, on } from 'node:events';

import { cpuMicroseconds, print } from '../measure/cpu.js';

const [events, rounds] = process.argv.slice(2).map(Number);
const emitter = new EventEmitter();
let sum = 0;
let produce = 0;
let consume = 0;

for (let round = -20; round < rounds; round += 1) {
  const stream = on(emitter, 'event');
  let start = cpuMicroseconds();
  for (let index = 0; index < events; index += 1) emitter.emit('event', { id: index, count: 1 });
  if (round >= 0) produce += cpuMicroseconds() - start;

  let seen = 0;
  start = cpuMicroseconds();
  for await (const [event] of stream) {
    sum += event.id;
    seen += 1;
    if (seen === events) break;
  }
  if (round >= 0) consume += cpuMicroseconds() - start;
}
print({ produce, consume, sum });
