// consume-events-on.js EVENTS ROUNDS
//
// `for await (const [event] of on(emitter, 'event'))` over EVENTS events that were emitted before the
// loop begins. CPU time in µs, of the loop alone and of emitting, over all ROUNDS, as
// measure/rounds.js counts it.
import { EventEmitter, on } from 'node:events';

import { cpuMicroseconds, print } from '../measure/cpu.js';
import { costOf } from '../measure/rounds.js';

const [most, rounds] = process.argv.slice(2).map(Number);
const emitter = new EventEmitter();
let sum = 0;

async function consumed(/** @type {ReturnType<typeof on>} */ stream, /** @type {number} */ events) {
  let sum = 0;
  let seen = 0;
  for await (const [event] of stream) {
    sum = (sum + event.id) | 0;
    seen += 1;
    if (seen === events) break;
  }
  return sum;
}

async function round(/** @type {number} */ events) {
  const stream = on(emitter, 'event');
  const start = cpuMicroseconds();
  for (let index = 0; index < events; index += 1) emitter.emit('event', { id: index, count: 1 });
  const produced = cpuMicroseconds();
  sum = (sum + (await consumed(stream, events))) | 0;
  return { produce: produced - start, consume: cpuMicroseconds() - produced };
}

print({ ...(await costOf(rounds, most, round)), sum });
