import { setImmediate as immediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { Queue, type QueueEvent, type Registration, request } from '../../lib/index.js';
import { KEVENT_FLAGS_NONBLOCK, kevent_commit, kevent_wait } from '../../lib/raw.js';

const STEPS = 3000;

/** Numbers that are the same in every run. */
function random(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) & 0x7fffffff;
    return (state >> 8) % below;
  };
}

/** Kevents that come and go while their events lie in the ring, are claimed, and are looked at. */
class Turnover {
  seen = 0;
  readonly #below: (below: number) => number;
  readonly #ringSize: number;
  readonly #queue: Queue;
  readonly #kevents: Registration[] = [];

  constructor(below: (below: number) => number) {
    this.#below = below;
    this.#ringSize = [2, 3, 8, 16][below(4)] ?? 2;
    this.#queue = new Queue({ ringSize: this.#ringSize });
    for (let i = 0; i < 12; i += 1) this.#kevents.push(this.#make());
  }

  async step(): Promise<void> {
    const dice = this.#below(100);
    if (dice < 25) this.#someone().ready();
    else if (dice < 50) this.#collect();
    else if (dice < 65) this.#replace(1 + this.#below(2));
    else if (dice < 70) this.#commit();
    else if (dice < 83) await this.#byBatch();
    else if (dice < 96) await this.#byEvent();
    else await immediate();
  }

  close(): void {
    this.#queue.close();
  }

  /** A timer of a microsecond is due whenever it is asked for. */
  #make(): Registration {
    const timer = this.#below(3) === 0;
    return this.#queue.add(
      timer ? request.timer({ every: 1000 }) : request.user(this.#below(3), { ready: true }),
    );
  }

  #someone(): Registration {
    const kevent = this.#kevents[this.#below(this.#kevents.length)];
    if (kevent === undefined) throw new Error('there are always some');
    return kevent;
  }

  #collect(): void {
    try {
      kevent_wait(this.#queue.fd, this.#ringSize, 0, null, KEVENT_FLAGS_NONBLOCK);
    } catch (error) {
      expect(['EAGAIN', 'ENOBUFS']).toContain((error as { code: string }).code);
    }
  }

  /** Behind the loops' back: whatever is in the ring is done with. */
  #commit(): void {
    const { head } = this.#queue.stats();
    kevent_commit(this.#queue.fd, head % this.#ringSize, Math.floor(head / this.#ringSize));
  }

  #replace(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const at = this.#below(this.#kevents.length);
      if (this.#below(4) === 0) this.#queue.removeAll([this.#someone()]);
      this.#kevents[at]?.remove();
      this.#kevents.forEach((kevent, index) => {
        if (!kevent.active) this.#kevents[index] = this.#make();
      });
    }
  }

  #look(event: QueueEvent): void {
    this.seen += 1;
    expect(event.registration?.active).toBe(true);
  }

  async #byBatch(): Promise<void> {
    this.#someone().ready();
    for await (const batch of this.#queue) {
      for (const event of batch) {
        this.#look(event);
        if (this.#below(4) === 0) this.#replace(1);
        if (this.#below(6) === 0) batch.commit();
        if (this.#below(8) === 0) break;
      }
      if (this.#below(3) > 0) break;
      this.#someone().ready();
    }
  }

  async #byEvent(): Promise<void> {
    this.#someone().ready();
    for await (const event of this.#queue.events()) {
      this.#look(event);
      if (this.#below(4) === 0) this.#replace(1);
      if (this.#below(4) === 0) break;
      this.#someone().ready();
    }
  }
}

describe('the event of a kevent that was removed', () => {
  it.each([1, 2, 3, 4, 5, 6])('is seen by no loop, wherever it was at that moment (%d)', async (seed) => {
    const below = random(seed);
    for (let round = 0; round < 4; round += 1) {
      const turnover = new Turnover(below);
      for (let step = 0; step < STEPS; step += 1) await turnover.step();
      expect(turnover.seen).toBeGreaterThan(STEPS / 10);
      turnover.close();
    }
  });
});
