// consume-events-on.js EVENTS ROUNDS
//
// `for await (const [event] of on(emitter, 'event'))` over EVENTS events that were emitted before the
// loop begins. CPU time in µs, of the loop alone and of emitting, over all ROUNDS; a quarter more
// come first, for the compiler. They are counted like the others, and then forgotten: code that comes later for the
// first time would have the rounds compiled again, on the account of those that are measured.
import { EventEmitter, on } from 'node:events';

import { cpuMicroseconds, print } from '../measure/cpu.js';

const [events, rounds] = process.argv.slice(2).map(Number);
const emitter = new EventEmitter();
let sum = 0;
let produce = 0;
let consume = 0;

async function consumed(/** @type {ReturnType<typeof on>} */ stream) {
  let sum = 0;
  let seen = 0;
  for await (const [event] of stream) {
    sum = (sum + event.id) | 0;
    seen += 1;
    if (seen === events) break;
  }
  return sum;
}

for (let round = -Math.ceil(rounds / 4); round < rounds; round += 1) {
  if (round === 0) produce = consume = 0;
  const stream = on(emitter, 'event');
  const start = cpuMicroseconds();
  for (let index = 0; index < events; index += 1) emitter.emit('event', { id: index, count: 1 });
  const produced = cpuMicroseconds();
  sum += await consumed(stream);
  produce += produced - start;
  consume += cpuMicroseconds() - produced;
}
print({ produce, consume, sum });
