// consume-nothing.js EVENTS ROUNDS
//
// `for await` over an async iterator that does nothing but hand out EVENTS small objects: what the language
// itself takes for each event, whoever it comes from. Output as consume-events-on.js.
import { cpuMicroseconds, print } from '../measure/cpu.js';
import { costOf } from '../measure/rounds.js';

const [most, rounds] = process.argv.slice(2).map(Number);
let sum = 0;

class Numbers {
  #next = 0;
  #events;

  constructor(/** @type {number} */ events) {
    this.#events = events;
  }

  [Symbol.asyncIterator]() {
    return this;
  }

  /** @returns {Promise<IteratorResult<{id: number, count: number}, undefined>>} */
  next() {
    if (this.#next === this.#events) return Promise.resolve({ value: undefined, done: true });
    this.#next += 1;
    return Promise.resolve({ value: { id: this.#next, count: 1 }, done: false });
  }
}

async function consumed(/** @type {number} */ events) {
  let sum = 0;
  for await (const event of new Numbers(events)) sum = (sum + event.id) | 0;
  return sum;
}

async function round(/** @type {number} */ events) {
  const start = cpuMicroseconds();
  sum = (sum + (await consumed(events))) | 0;
  return { produce: 0, consume: cpuMicroseconds() - start };
}

print({ ...(await costOf(rounds, most, round)), sum });
