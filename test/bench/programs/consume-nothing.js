// consume-nothing.js EVENTS ROUNDS
//
// `for await` over an async iterator that does nothing but hand out EVENTS small objects: what the language
// itself takes for each event, whoever it comes from. Output as consume-events-on.js.
import { cpuMicroseconds, print } from '../measure/cpu.js';

const [events, rounds] = process.argv.slice(2).map(Number);
let sum = 0;
let consume = 0;

class Numbers {
  #next = 0;

  [Symbol.asyncIterator]() {
    return this;
  }

  /** @returns {Promise<IteratorResult<{id: number, count: number}, undefined>>} */
  next() {
    if (this.#next === events) return Promise.resolve({ value: undefined, done: true });
    this.#next += 1;
    return Promise.resolve({ value: { id: this.#next, count: 1 }, done: false });
  }
}

async function consumed() {
  let sum = 0;
  for await (const event of new Numbers()) sum = (sum + event.id) | 0;
  return sum;
}

for (let round = -Math.ceil(rounds / 4); round < rounds; round += 1) {
  if (round === 0) consume = 0;
  const start = cpuMicroseconds();
  sum += await consumed();
  consume += cpuMicroseconds() - start;
}
print({ produce: 0, consume, sum });
