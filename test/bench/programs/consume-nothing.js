// consume-nothing.js EVENTS ROUNDS iterator|await
//
// What the language itself takes for each event, whoever it comes from: `for await` over an async iterator that does
// nothing but hand out EVENTS small objects; or no iterator and no object, but EVENTS times `await`, of one and the same
// promise, which is resolved. Output as consume-events-on.js.
import { cpuMicroseconds, print } from '../measure/cpu.js';
import { costOf } from '../measure/rounds.js';

const [most, rounds] = process.argv.slice(2, 4).map(Number);
const how = process.argv[4];
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

async function awaited(/** @type {number} */ events) {
  const resolved = Promise.resolve(1);
  let sum = 0;
  for (let index = 0; index < events; index += 1) sum = (sum + (await resolved)) | 0;
  return sum;
}

async function consumed(/** @type {number} */ events) {
  let sum = 0;
  for await (const event of new Numbers(events)) sum = (sum + event.id) | 0;
  return sum;
}

async function round(/** @type {number} */ events) {
  const start = cpuMicroseconds();
  sum = (sum + (await (how === 'await' ? awaited(events) : consumed(events)))) | 0;
  return { produce: 0, consume: cpuMicroseconds() - start };
}

print({ ...(await costOf(rounds, most, round)), sum });
