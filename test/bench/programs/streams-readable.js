// streams-readable.js EVENTS ROUNDS
//
// `for await (const event of readable)` over EVENTS small objects that were put into a web ReadableStream before
// the loop begins. Output as consume-events-on.js.
import { cpuMicroseconds, print } from '../measure/cpu.js';

const [events, rounds] = process.argv.slice(2).map(Number);
let sum = 0;
let produce = 0;
let consume = 0;

async function loop(/** @type {AsyncIterable<{ id: number }>} */ values) {
  let ids = 0;
  for await (const event of values) ids += event.id;
  return ids;
}

for (let round = -Math.ceil(rounds / 2); round < rounds; round += 1) {
  if (round === 0) produce = consume = 0;
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
  sum += await loop(readable);
  produce += produced - start;
  consume += cpuMicroseconds() - produced;
}
print({ produce, consume, sum });
