// streams-readable.js EVENTS ROUNDS
//
// `for await (const event of readable)` over EVENTS small objects that were put into a web ReadableStream before
// the loop begins. Output as consume-events-on.js.
import { cpuMicroseconds, print } from '../measure/cpu.js';
import { costOf } from '../measure/rounds.js';

const [most, rounds] = process.argv.slice(2).map(Number);
let sum = 0;

async function loop(/** @type {AsyncIterable<{ id: number }>} */ values) {
  let ids = 0;
  for await (const event of values) ids += event.id;
  return ids;
}

async function round(/** @type {number} */ events) {
  const start = cpuMicroseconds();
  /** @type {ReadableStream<{ id: number, count: number }>} */
  const readable = new ReadableStream(
    {
      start(controller) {
        for (let index = 0; index < events; index += 1) controller.enqueue({ id: index, count: 1 });
        controller.close();
      },
    },
    { highWaterMark: events },
  );
  const produced = cpuMicroseconds();
  sum = (sum + (await loop(readable))) | 0;
  return { produce: produced - start, consume: cpuMicroseconds() - produced };
}

print({ ...(await costOf(rounds, most, round)), sum });
