import fc from 'fast-check';
import { afterAll, beforeAll, it } from 'vitest';

import { Fifo } from '../raw/fifo.js';
import { RawQueue } from '../raw/queue.js';
import { drain, sequences } from './commands.js';
import { Model } from './model.js';
import type { Step } from './steps.js';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 400);

let pipes: Fifo[] = [];
beforeAll(() => {
  pipes = [new Fifo(), new Fifo()];
});
afterAll(() => {
  for (const pipe of pipes) pipe.close();
});

function agrees(size: number, steps: Iterable<Step>): void {
  const queue = new RawQueue(size);
  const model = new Model(size, pipes.length);
  try {
    const real = { queue, pipes };
    fc.modelRun(() => ({ model, real }), steps);
    drain(model, real);
  } finally {
    queue.close();
    pipes.forEach((pipe, which) => {
      if (model.bytes(which) > 0) pipe.drain();
    });
  }
}

for (const size of [2, 3, 5, 0]) {
  const name = size === 0 ? 'without a ring' : `with a ring of ${size}`;
  it(`any sequence of calls does what the manual says, ${name}`, () => {
    fc.assert(
      fc.property(sequences, (steps) => agrees(size, steps)),
      { numRuns: RUNS },
    );
  }, 120_000);
}
