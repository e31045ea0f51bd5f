import { once } from 'node:events';
import { setImmediate as immediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { KEVENT_REQ_WAKEUP_ALL, Queue, type QueueHandle, request } from '../../lib/index.js';

interface Consumed {
  seen: number[];
  registrations: number;
}

const PROGRAM = new URL('./programs/consume.js', import.meta.url);
let queue: Queue;
const workers: Worker[] = [];
beforeEach(() => {
  queue = new Queue({ ringSize: 16 });
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.terminate()));
  queue.close();
});

async function join(handle: QueueHandle, by: 'batch' | 'event', slow = false): Promise<Worker> {
  const worker = new Worker(PROGRAM, { workerData: { handle, by, slow } });
  workers.push(worker);
  await once(worker, 'message');
  return worker;
}

async function leave(worker: Worker): Promise<Consumed> {
  worker.postMessage('close');
  const [consumed]: Consumed[] = await once(worker, 'message');
  if (consumed === undefined) throw new Error('the worker said nothing');
  return consumed;
}

function sorted(ids: readonly number[]): number[] {
  return [...ids].sort((one, other) => one - other);
}

async function delivered(count: number): Promise<void> {
  while (queue.stats().tail < count) await immediate();
}

describe('a queue that is shared by threads', () => {
  it('hands each event to exactly one of them', async () => {
    const handle = queue.handle();
    const joined = [
      await join(handle, 'batch', true),
      await join(handle, 'event'),
      await join(handle, 'batch'),
    ];
    const total = 3000;
    for (let from = 0; from < total; from += 100) {
      const requests = Array.from({ length: 100 }, (_, index) =>
        request.user(from + index, { once: true, ready: true }),
      );
      queue.addAll(requests);
      await immediate();
    }
    await delivered(total);
    const consumed = await Promise.all(joined.map(leave));
    expect(sorted(consumed.flatMap(({ seen }) => seen))).toEqual(
      Array.from({ length: total }, (_, id) => id),
    );
    // What another thread has added is nobody's registration here.
    expect(consumed.map(({ registrations }) => registrations)).toEqual([0, 0, 0]);
  });

  it('shows WAKEUP_ALL events to all of them', async () => {
    const handle = queue.handle();
    const joined = [await join(handle, 'batch'), await join(handle, 'event')];
    for (let id = 0; id < 50; id += 1) {
      queue.add(request.user(id, { once: true, ready: true, flags: KEVENT_REQ_WAKEUP_ALL }));
    }
    await delivered(50);
    for (const { seen } of await Promise.all(joined.map(leave))) {
      expect(seen).toEqual(Array.from({ length: 50 }, (_, id) => id));
    }
  });

  it('brings an event with a handler to the thread that gave it, and to no loop', async () => {
    const handle = queue.handle();
    const joined = [await join(handle, 'batch'), await join(handle, 'event')];
    const seen: number[] = [];
    for (let id = 0; id < 50; id += 1) {
      queue.add(request.user(id, { once: true, ready: true }), (event) => seen.push(event.id0));
    }
    while (seen.length < 50) await immediate();
    await delivered(50);
    expect(seen).toEqual(Array.from({ length: 50 }, (_, id) => id));
    expect((await Promise.all(joined.map(leave))).map((consumed) => consumed.seen)).toEqual([[], []]);
  });

  it('loses nothing when a thread is terminated', async () => {
    const handle = queue.handle();
    const victim = await join(handle, 'batch', true);
    const survivor = await join(handle, 'event');
    queue.addAll(Array.from({ length: 200 }, (_, id) => request.user(id, { once: true, ready: true })));
    await victim.terminate();
    await delivered(200);
    const { seen } = await leave(survivor);
    expect(new Set(seen).size).toBe(seen.length);
    expect(queue.stats()).toMatchObject({ head: 200, tail: 200, ready: 0 });
  });

  it('goes on when a thread that has joined closes it, and is over when its maker does', async () => {
    const other = Queue.from(queue.handle());
    const mine = queue.add(request.user(1));
    const its = other.add(request.user(2));
    other.close();
    expect(its.active).toBe(false);
    expect(queue.stats().kevents).toBe(1);
    mine.ready();
    for await (const event of queue.events()) {
      expect(event.registration).toBe(mine);
      break;
    }
    const late = Queue.from(queue.handle());
    const waiting = late.events().next();
    queue.close();
    expect(await waiting).toEqual({ value: undefined, done: true });
    expect(late.closed).toBe(true);
    expect(() => Queue.from({ ...queue, fd: 1e6 } as never)).toThrow();
  });

  it('cannot be shared once there are handlers', () => {
    queue.add(request.user(), () => undefined);
    expect(() => queue.handle()).toThrow(expect.objectContaining({ code: 'ERR_INVALID_STATE' }));
  });
});
