import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { type Batch, Queue, type QueueEvent, type Registration, request } from '../../lib/index.js';

const SIZE = 8;
let queue: Queue;
let users: Registration[];
beforeEach(() => {
  queue = new Queue({ ringSize: SIZE });
  users = queue.addAll(Array.from({ length: SIZE }, (_, index) => request.user(index)));
});
afterEach(() => queue.close());

function ready(...which: number[]): void {
  for (const index of which) users[index]?.ready();
}

async function turns(count = 10): Promise<void> {
  for (let i = 0; i < count; i += 1) await immediate();
}

function inUse(): number {
  const { head, tail } = queue.stats();
  return head - tail;
}

/** What comes next, by event. */
async function next(count: number): Promise<number[]> {
  const seen: number[] = [];
  for await (const event of queue.events()) {
    seen.push(event.id0);
    if (seen.length === count) break;
  }
  return seen;
}

describe('a loop by batch', () => {
  it('gets what has come since the last batch, in order', async () => {
    ready(3, 1, 2);
    const batches: number[][] = [];
    for await (const batch of queue) {
      expect(batch.length).toBe(3);
      batches.push([...batch].map((event) => event.id0));
      if (batches.length === 2) break;
      ready(0, 7, 5);
    }
    // One cursor for all: spreading keeps nothing but the last.
    expect(batches[0]).toHaveLength(3);
    const order: number[] = [];
    ready(4, 6);
    for await (const batch of queue) {
      for (const event of batch) order.push(event.id0);
      if (order.length === 2) break;
    }
    expect(order).toEqual([4, 6]);
  });

  it('holds its slots until it asks for more', async () => {
    ready(0, 1, 2);
    let round = 0;
    for await (const batch of queue) {
      round += 1;
      if (round === 2) break;
      expect(batch.length).toBe(3);
      await turns();
      expect(inUse()).toBe(3);
      setImmediate(() => {
        expect(inUse()).toBe(0);
        ready(5);
      });
    }
  });

  it('can commit early what it has seen', async () => {
    ready(0, 1, 2, 3);
    for await (const batch of queue) {
      let seen = 0;
      for (const _ of batch) {
        seen += 1;
        if (seen === 3) break;
      }
      batch.commit();
      expect(inUse()).toBe(1);
      for (const event of batch) expect(event.id0).toBe(3);
      break;
    }
    await turns();
    expect(inUse()).toBe(0);
  });

  it('goes on where an inner loop stopped', async () => {
    ready(0, 1, 2, 3);
    const seen: number[] = [];
    for await (const batch of queue) {
      for (const event of batch) {
        seen.push(event.id0);
        if (seen.length === 2) break;
      }
      for (const event of batch) seen.push(event.id0);
      break;
    }
    expect(seen).toEqual([0, 1, 2, 3]);
  });
});

describe('a kevent that is removed while its event waits in the ring', () => {
  it('is not seen by a loop any more', async () => {
    ready(0, 1, 2, 3);
    const seen: number[] = [];
    for await (const batch of queue) {
      for (const event of batch) {
        seen.push(event.id0);
        users[event.id0 + 1]?.remove();
      }
      break;
    }
    expect(seen).toEqual([0, 2]);
    ready(4, 5);
    for await (const event of queue.events()) {
      seen.push(event.id0);
      users[5]?.remove();
      ready(6);
      if (event.id0 === 6) break;
    }
    expect(seen).toEqual([0, 2, 4, 6]);
  });

  it('is not mistaken for the one that takes its place', async () => {
    ready(0);
    for await (const batch of queue) {
      for (const event of batch) {
        users[0]?.remove();
        const { slot } = queue.add(request.user(99, { data: 'another' }));
        expect(slot).toBe(users[0]?.slot);
        expect(event.registration).toBe(undefined);
        expect(event.data).toBe(undefined);
      }
      break;
    }
  });
});

describe('leaving a loop', () => {
  const leave: [string, (batch: Batch, loop: AsyncIterator<Batch>) => unknown][] = [
    ['return', (_, loop) => loop.return?.()],
    ['throw', (_, loop) => loop.throw?.(new Error('enough')).catch(() => undefined)],
  ];
  it.each(leave)('by %s hands back what it has not seen', async (_, how) => {
    ready(0, 1, 2, 3, 4);
    const loop = queue[Symbol.asyncIterator]();
    const { value: batch } = await loop.next();
    const seen: number[] = [];
    for (const event of batch ?? []) {
      seen.push(event.id0);
      if (seen.length === 2) break;
    }
    if (batch !== undefined) await how(batch, loop);
    expect(inUse()).toBe(3);
    expect(await loop.next()).toEqual({ value: undefined, done: true });
    expect([...seen, ...(await next(3))]).toEqual([0, 1, 2, 3, 4]);
    await turns();
    expect(inUse()).toBe(0);
  });

  it('by an error in the body passes the error on, and loses nothing', async () => {
    ready(0, 1);
    const loop = (async () => {
      for await (const event of queue.events()) throw new Error(`at ${event.id0}`);
    })();
    await expect(loop).rejects.toThrow('at 0');
    expect(await next(1)).toEqual([1]);
  });

  it('by forgetting it loses nothing either', async () => {
    ready(0, 1, 2);
    await (async () => {
      const { value } = await queue[Symbol.asyncIterator]().next();
      for (const event of value ?? []) if (event.id0 === 0) break;
    })();
    const seen = next(2);
    // When the loop is garbage its events go to the other one.
    for (let i = 0; i < 50; i += 1) {
      globalThis.gc?.();
      await immediate();
    }
    expect(await seen).toEqual([1, 2]);
  });
});

describe('concurrent calls of next()', () => {
  it('are answered in order, each event once, by event', async () => {
    const loop = queue.events();
    const asked = Array.from({ length: 12 }, () => loop.next());
    for (let i = 0; i < 12; i += 1) {
      ready(i % SIZE);
      await turns(3);
    }
    const seen = (await Promise.all(asked)).map(({ value }) => value?.id0);
    expect(seen).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 0, 1, 2, 3]);
    await loop.return?.();
  });

  it('are answered with batches that do not get into each other', async () => {
    const loop = queue[Symbol.asyncIterator]();
    const asked = [loop.next(), loop.next()];
    ready(0, 1);
    await turns();
    ready(2, 3);
    const batches = (await Promise.all(asked)).map(({ value }) => value);
    const read = (batch: Batch | undefined): number[] => {
      const ids: number[] = [];
      for (const event of batch ?? []) ids.push(event.id0);
      return ids;
    };
    expect(batches.map(read)).toEqual([
      [0, 1],
      [2, 3],
    ]);
    await loop.return?.();
    await turns();
    expect(inUse()).toBe(0);
  });

  it('do not take back a batch that was handed out but cannot have been seen', async () => {
    ready(0, 1);
    const loop = queue[Symbol.asyncIterator]();
    const [first, second] = [loop.next(), loop.next()];
    const { value: batch } = await first;
    const seen: number[] = [];
    for (const event of batch ?? []) seen.push(event.id0);
    expect(seen).toEqual([0, 1]);
    await loop.return?.();
    expect(await second).toEqual({ value: undefined, done: true });
  });

  it('that wait end with the loop', async () => {
    const loop = queue.events();
    const asked = [loop.next(), loop.next()];
    await loop.return?.();
    expect(await Promise.all(asked)).toEqual([
      { value: undefined, done: true },
      { value: undefined, done: true },
    ]);
  });
});

describe('several loops on one queue', () => {
  it('share the events: each goes to exactly one', async () => {
    const seen: number[][] = [[], [], []];
    const loops = seen.map(async (mine) => {
      for await (const event of queue.events()) {
        mine.push(event.data0);
        await immediate();
      }
    });
    const total = 500;
    for (let i = 0; i < total; i += 1) {
      ready(i % SIZE);
      if (i % 5 === 0) await immediate();
    }
    const sum = (): number => seen.flat().reduce((one, other) => one + other, 0);
    while (sum() < total) await immediate();
    await turns();
    expect(sum()).toBe(total);
    for (const mine of seen) expect(mine.length).toBeGreaterThan(0);
    queue.close();
    await Promise.all(loops);
  });
});

describe('a full ring', () => {
  it('of two slots stops the queue, and delivers everything in the end', async () => {
    const small = new Queue({ ringSize: 2 });
    const many = small.addAll(Array.from({ length: 100 }, (_, index) => request.user(index)));
    for (const user of many) user.ready();
    const order: number[] = [];
    for await (const batch of small) {
      await immediate();
      const { head, tail, ready: waiting } = small.stats();
      expect(head - tail).toBe(batch.length);
      expect(waiting + head).toBe(100);
      for (const event of batch) order.push(event.id0);
      if (order.length === 100) break;
    }
    expect(order).toEqual(many.map((_, index) => index));
    small.close();
  });

  it('with handlers and loops side by side loses nothing', async () => {
    const small = new Queue({ ringSize: 2 });
    let handled = 0;
    const count = 60;
    const kevents = Array.from({ length: count }, (_, index) =>
      index % 2 === 0
        ? small.add(request.user(index))
        : small.add(request.user(index), (event) => {
            handled += event.data0;
          }),
    );
    for (const kevent of kevents) kevent.ready();
    const seen: QueueEvent[] = [];
    for await (const event of small.events()) {
      seen.push(event);
      if (seen.length % 7 === 0) await immediate();
      if (seen.length === count / 2) break;
    }
    while (handled < count / 2) await immediate();
    expect(seen.map((event) => event.id0)).toEqual(
      Array.from({ length: count / 2 }, (_, index) => 2 * index),
    );
    small.close();
  });
});
