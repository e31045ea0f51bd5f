import { getEventListeners } from 'node:events';
import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  KEVENT_FLAGS_ABSTIME,
  KEVENT_FLAGS_BOOTTIME,
  KEVENT_FLAGS_NONBLOCK,
  KEVENT_PIPE,
  KEVENT_SOCKET_RECV,
  kevent_claim_async,
  kevent_commit,
  kevent_consumer_open,
  kevent_finish,
  kevent_get_events_async,
  kevent_stats,
  kevent_wait,
  kevent_wait_async,
  UKEVENT_SIZE,
} from '../../lib/raw.js';
import { Fifo } from './fifo.js';
import { RawQueue } from './queue.js';

const MS = 1_000_000n;
const RING = 4;
const buf = new Uint8Array(8 * UKEVENT_SIZE);
let queue: RawQueue;
beforeEach(() => {
  queue = new RawQueue(RING);
});
afterEach(() => queue.close());

/** Lets what is pending settle into the event loop. */
async function turns(): Promise<void> {
  for (let i = 0; i < 5; i += 1) await immediate();
}

type Call = (timeout: bigint | null, flags?: number, signal?: AbortSignal) => Promise<unknown>;
let consumer = -1;
const calls: [string, Call][] = [
  [
    'kevent_wait_async',
    (time, flags, signal) => kevent_wait_async(queue.fd, 4, queue.kidx, time, flags, { signal }),
  ],
  [
    'kevent_get_events_async',
    (time, flags, signal) => kevent_get_events_async(queue.fd, 1, 8, time, buf, flags, { signal }),
  ],
  [
    'kevent_claim_async',
    async (time, flags, signal) =>
      (await kevent_claim_async(queue.fd, consumer, 4, time, flags, { signal })).count,
  ],
];

describe.each(calls)('%s', (_, call) => {
  beforeEach(() => {
    consumer = kevent_consumer_open(queue.fd);
  });

  it('gives what is ready at once', async () => {
    queue.addUser(1);
    queue.fire(1);
    expect(await call(null)).toBe(1);
  });

  it('gives what becomes ready later, without blocking', async () => {
    queue.addUser(1);
    const pending = call(null);
    await turns();
    queue.fire(1);
    expect(await pending).toBe(1);
  });

  it('gives what the kernel reports later', async () => {
    const fifo = new Fifo();
    queue.add({ type: KEVENT_PIPE, id: fifo.fd, event: KEVENT_SOCKET_RECV });
    const pending = call(null);
    await turns();
    fifo.write('x');
    expect(await pending).toBe(1);
    fifo.close();
  });

  it.each([0, KEVENT_FLAGS_BOOTTIME])('gives 0 when its time is over (flags %d)', async (flags) => {
    const start = process.hrtime.bigint();
    expect(await call(20n * MS, flags)).toBe(0);
    expect(process.hrtime.bigint() - start).toBeGreaterThanOrEqual(20n * MS);
    expect(await call(0n, flags)).toBe(0);
  });

  it('gives 0 at a point in time', async () => {
    expect(await call(BigInt(Date.now() + 20) * MS, KEVENT_FLAGS_ABSTIME)).toBe(0);
    expect(await call(1n, KEVENT_FLAGS_ABSTIME)).toBe(0);
  });

  it('gives 0 when READY without entries wakes it', async () => {
    const pending = call(null);
    await turns();
    queue.wake();
    expect(await pending).toBe(0);
    queue.wake();
    expect(await call(null)).toBe(0);
  });

  it('is one of several: each event and each wake-up goes to one', async () => {
    const results: unknown[] = [];
    const all = Promise.all([1, 2, 3].map(async () => results.push(await call(null))));
    await turns();
    queue.wake();
    queue.wake();
    queue.wake();
    await all;
    expect(results).toEqual([0, 0, 0]);
  });

  it('is rejected with EBADF when the queue is closed', async () => {
    const pending = call(null);
    await turns();
    queue.close();
    await expect(pending).rejects.toMatchObject({ code: 'EBADF', errno: -9 });
    await expect(call(null)).rejects.toMatchObject({ code: 'EBADF' });
  });

  it('is rejected with EAGAIN by NONBLOCK', async () => {
    await expect(call(null, KEVENT_FLAGS_NONBLOCK)).rejects.toMatchObject({ code: 'EAGAIN' });
  });

  it('is rejected for contradictory flags, and for wrong arguments', async () => {
    await expect(call(1000n * MS, 6)).rejects.toMatchObject({ code: 'EINVAL' });
    await expect(call(-1n)).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    await expect(call(null, 0, {} as AbortSignal)).rejects.toMatchObject({ code: 'ERR_INVALID_ARG_TYPE' });
  });

  it('is rejected when its signal aborts, with the reason as cause, and loses no event', async () => {
    queue.addUser(1);
    const controller = new AbortController();
    const reason = new Error('enough');
    const pending = call(null, 0, controller.signal);
    await turns();
    controller.abort(reason);
    queue.fire(1);
    await expect(pending).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: reason });
    await expect(call(null, 0, controller.signal)).rejects.toMatchObject({ name: 'AbortError' });
    expect(await call(null)).toBe(1);
  });

  it('leaves no listener on its signal', async () => {
    const { signal } = new AbortController();
    await call(5n * MS, 0, signal);
    queue.addUser(1);
    queue.fire(1);
    await call(null, 0, signal);
    expect(getEventListeners(signal, 'abort')).toHaveLength(0);
  });
});

describe('a pending call', () => {
  it('waits for room when the ring is full, and does not spin meanwhile', async () => {
    for (let id = 0; id <= RING; id += 1) {
      queue.addUser(id);
      queue.fire(id);
    }
    expect(kevent_wait(queue.fd, RING, 0, null)).toBe(RING);
    const pending = kevent_wait_async(queue.fd, RING, 0, null);
    await turns();
    const { collects } = kevent_stats(queue.fd);
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(kevent_stats(queue.fd).collects - collects).toBeLessThan(3);
    expect(kevent_commit(queue.fd, 2, 0)).toBe(2);
    expect(await pending).toBe(1);
  });

  it('returns 0 when ring_kidx moves on by another call', async () => {
    queue.addUser(1);
    const first = kevent_wait_async(queue.fd, 1, 0, null);
    const second = kevent_wait_async(queue.fd, 1, 0, null);
    await turns();
    queue.fire(1);
    expect((await Promise.all([first, second])).sort()).toEqual([0, 1]);
  });

  it('of a consumer gets what another consumer leaves', async () => {
    const one = kevent_consumer_open(queue.fd);
    const two = kevent_consumer_open(queue.fd);
    for (let id = 0; id < 2; id += 1) queue.addUser(id);
    const pending = Promise.all([
      kevent_claim_async(queue.fd, one, 1, null),
      kevent_claim_async(queue.fd, two, 1, null),
    ]);
    await turns();
    for (let id = 0; id < 2; id += 1) queue.fire(id);
    const runs = await pending;
    expect(runs.map(({ position }) => position).sort()).toEqual([0, 1]);
    for (const [index, run] of runs.entries()) {
      kevent_finish(queue.fd, index === 0 ? one : two, run.position, run.count);
    }
    expect(kevent_stats(queue.fd)).toMatchObject({ head: 2, tail: 2 });
  });

  it('of get_events waits for min_nr, and gives what there is when its time is over', async () => {
    using plain = new RawQueue(0);
    plain.addUser(1);
    plain.addUser(2);
    plain.fire(1);
    expect(await kevent_get_events_async(plain.fd, 2, 8, 30n * MS, buf)).toBe(1);
    plain.fire(1);
    const pending = kevent_get_events_async(plain.fd, 2, 8, null, buf);
    await turns();
    plain.fire(2);
    expect(await pending).toBe(2);
  });
});
