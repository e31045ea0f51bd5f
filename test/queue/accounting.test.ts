import { setImmediate as immediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { Queue, type Registration, request } from '../../lib/index.js';

const TOTAL = 2000;

/** Numbers that are the same in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
}

/** Loops and handlers side by side, that come, dawdle, commit early, and go. Returns what arrived. */
class Crowd {
  arrived = 0;
  readonly queue: Queue;
  readonly kevents: Registration[];
  readonly #below: (below: number) => number;

  constructor(below: (below: number) => number) {
    this.#below = below;
    this.queue = new Queue({ ringSize: [2, 3, 8, 64][below(4)] ?? 2 });
    this.kevents = Array.from({ length: 1 + below(40) }, (_, id) =>
      below(3) === 0
        ? this.queue.add(request.user(id), (event) => {
            this.arrived += event.data0;
          })
        : this.queue.add(request.user(id)),
    );
  }

  async loop(): Promise<void> {
    while (!this.queue.closed) {
      await (this.#below(2) === 0 ? this.#byBatch() : this.#byEvent());
      if (this.#below(2) === 0) await immediate();
    }
  }

  async #byBatch(): Promise<void> {
    for await (const batch of this.queue) {
      if (this.#below(3) === 0) await immediate();
      let left = 1 + this.#below(5);
      for (const event of batch) {
        this.arrived += event.data0;
        left -= 1;
        if (left === 0 && this.#below(2) === 0) break;
        if (this.#below(20) === 0) batch.commit();
        if (this.#below(9) === 0) await null;
      }
      if (this.#below(4) === 0) break;
      for (const event of batch) this.arrived += event.data0;
    }
  }

  async #byEvent(): Promise<void> {
    for await (const event of this.queue.events()) {
      this.arrived += event.data0;
      if (this.#below(5) === 0) await immediate();
      if (this.#below(8) === 0) break;
    }
  }
}

describe('every event', () => {
  it.each([1, 2, 3, 4])('arrives exactly once, whoever comes and goes (%d)', async (seed) => {
    const below = random(seed);
    for (let round = 0; round < 10; round += 1) {
      const crowd = new Crowd(below);
      const loops = Array.from({ length: 1 + below(4) }, () => crowd.loop());
      for (let sent = 0; sent < TOTAL; sent += 1) {
        crowd.kevents[below(crowd.kevents.length)]?.ready();
        if (below(40) === 0) await immediate();
      }
      while (crowd.arrived < TOTAL) await immediate();
      for (let turn = 0; turn < 5; turn += 1) await immediate();
      expect(crowd.arrived).toBe(TOTAL);
      crowd.queue.close();
      await Promise.all(loops);
    }
  });
});
