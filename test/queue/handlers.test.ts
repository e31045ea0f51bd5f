import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Queue, type QueueEvent, type Registration, request } from '../../lib/index.js';
import { until } from './until.js';

/** More than there are numbers that a user word of an event has room for. */
const MANY = 600;

let queue: Queue;
beforeEach(() => {
  queue = new Queue({ ringSize: 64 });
});
afterEach(() => queue.close());

describe('each of many handlers', () => {
  it('has the events of its own kevents, whoever has come and gone before', async () => {
    const heard = new Map<number, number>();
    const add = (id: number, many: boolean): Registration[] => {
      const handler = (event: QueueEvent<number>): void => {
        expect(event.data).toBe(id);
        heard.set(id, (heard.get(id) ?? 0) + 1);
      };
      const wanted = { data: id };
      return many
        ? queue.addAll([request.user(2 * id, wanted), request.user(2 * id + 1, wanted)], handler)
        : [queue.add(request.user(2 * id, wanted), handler)];
    };
    const expected = new Map<number, number>();
    let kevents = new Map<number, Registration[]>();
    for (let round = 0; round < 3; round += 1) {
      // A third stay from the round before.
      const kept = [...kevents].filter(([id]) => id % 3 === 0);
      queue.removeAll([...kevents].filter(([id]) => id % 3 !== 0).flatMap(([, some]) => some));
      kevents = new Map(kept);
      for (let i = 0; i < MANY; i += 1) {
        const id = round * MANY + i;
        kevents.set(id, add(id, i % 2 === 0));
      }
      for (const [id, some] of kevents) {
        for (const kevent of some) kevent.ready();
        expected.set(id, (expected.get(id) ?? 0) + some.length);
      }
      const sum = (counts: Map<number, number>): number => [...counts.values()].reduce((a, b) => a + b, 0);
      await until(() => sum(heard) >= sum(expected));
    }
    expect(heard).toEqual(expected);
  });

  it('has them again after it had no kevents for a while', async () => {
    const heard: string[] = [];
    const bound = ['a', 'b', 'c'].map((name) => queue.handler(() => heard.push(name)));
    for (const handler of bound) queue.add(request.user(1), handler).remove();
    const kevents = bound.reverse().map((handler, index) => queue.add(request.user(index), handler));
    for (const kevent of kevents) kevent.ready();
    await until(() => heard.length === 3);
    expect(heard).toEqual(['c', 'b', 'a']);
    kevents[1]?.remove();
    queue.add(request.user(7), () => heard.push('d')).ready();
    queue.add(request.user(8), bound[1]).ready();
    await until(() => heard.length === 5);
    expect(heard.slice(3)).toEqual(['d', 'b']);
  });

  it('has its own events only, when another had its place and has left events in the ring', async () => {
    const heard: string[] = [];
    const first = queue.add(request.user(1), () => heard.push('first'));
    const other = queue.add(request.user(2), () => {
      first.remove();
      queue.add(request.user(1), () => heard.push('second')).ready();
    });
    other.ready();
    first.ready();
    await until(() => heard.length > 0);
    await immediate();
    expect(heard).toEqual(['second']);
  });
});

describe('an event', () => {
  const removals: Record<string, (kevent: Registration) => void> = {
    'its kevent is removed': (kevent) => kevent.remove(),
    'all are removed': (kevent) => queue.removeAll([kevent]),
    'the queue is closed': () => queue.close(),
  };
  for (const [what, remove] of Object.entries(removals)) {
    it(`says in its handler whose it is, also after ${what} there`, async () => {
      let seen: unknown[] | undefined;
      const kevent = queue.add(request.user(1, { data: 'mine' }), (event) => {
        remove(kevent);
        seen = [event.registration, event.data];
      });
      kevent.ready();
      await until(() => seen !== undefined);
      expect(seen).toEqual([kevent, 'mine']);
      expect(kevent.active).toBe(false);
    });
  }

  it('that is the last of its kevent says whose it was', async () => {
    const seen: unknown[] = [];
    const handler = queue.handler<number>((event) => seen.push(event.data));
    queue.addAll(
      [1, 2, 3].map((data) => request.timer({ after: 1_000, data })),
      handler,
    );
    await until(() => seen.length === 3);
    expect(seen.sort()).toEqual([1, 2, 3]);
  });
});
