import { readSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { channel, interval, Queue, readable, signals } from '../../lib/index.js';
import { Fifo } from '../raw/fifo.js';
import { Changing } from '../sources/watch_oracle/changing.js';
import { Follower } from '../sources/watch_oracle/follower.js';

let queue: Queue;
beforeEach(() => {
  queue = new Queue();
});
afterEach(() => queue.close());

async function slowly(milliseconds: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, milliseconds));
}

/** How late nine in ten values of a one-millisecond interval are at most, in milliseconds, until it is over. */
async function lateness(of: Queue, isOver: () => boolean): Promise<number> {
  const late: number[] = [];
  let last = performance.now();
  for await (const _ of interval(1, { queue: of })) {
    const now = performance.now();
    late.push(now - last - 1);
    last = now;
    if (isOver()) break;
  }
  return late.sort((a, b) => a - b)[Math.floor(late.length * 0.9)] ?? 0;
}

/**
 * While `work` runs, another stream on its queue is no later than a stream that has a queue of its own. Both share the
 * thread with whatever else is going on, here and on the machine.
 */
async function expectNoDelayDuring(work: Promise<unknown>): Promise<void> {
  let over = false;
  const ended = work.finally(() => {
    over = true;
  });
  await using own = new Queue();
  const [shared, alone] = await Promise.all([lateness(queue, () => over), lateness(own, () => over)]);
  await ended;
  expect(shared).toBeLessThan(alone + 5);
}

function heap(): number {
  globalThis.gc?.();
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

describe('a reader that is far slower than its source', () => {
  it('of an interval gets every period, counted, and holds nothing', async () => {
    let sum = 0;
    let values = 0;
    const before = heap();
    const work = (async () => {
      for await (const { count, index } of interval(5_000n, { queue })) {
        values += 1;
        sum += count;
        expect(index).toBe(sum);
        if (sum >= 40_000) break;
        await slowly(5);
      }
    })();
    await expectNoDelayDuring(work);
    expect(values).toBeLessThan(sum / 500);
    expect(heap() - before).toBeLessThan(4e6);
    expect(queue.stats().delivered).toBeLessThan(sum / 10);
  });

  it('of a level stream finds in the kernel what it has not read', async () => {
    const fifo = new Fifo();
    let written = 0;
    const writing = setInterval(() => {
      for (let i = 0; i < 100 && written < 2000; i += 1, written += 1) {
        fifo.write('abcd');
      }
    }, 1);
    let seen = 0;
    const work = (async () => {
      const into = Buffer.alloc(65_536);
      let length = 0;
      for await (const _ of readable(fifo.fd, { queue })) {
        length += readSync(fifo.fd, into);
        seen += 1;
        if (written === 2000 && length >= 8000) break;
        await slowly(2);
      }
    })();
    await expectNoDelayDuring(work);
    clearInterval(writing);
    fifo.close();
    // Muted while nobody waits: the kernel says about as much as is asked.
    expect(seen).toBeLessThan(300);
  });

  it('of edges gets one for all that came meanwhile', async () => {
    const fifo = new Fifo();
    let values = 0;
    let read = 0;
    const into = Buffer.alloc(65_536);
    const writes = 20_000;
    const work = (async () => {
      for await (const _ of readable(fifo.fd, { queue, edge: true })) {
        values += 1;
        try {
          for (;;) read += readSync(fifo.fd, into);
        } catch (error) {
          expect(error).toMatchObject({ code: 'EAGAIN' });
        }
        if (read === writes) break;
        await slowly(5);
      }
    })();
    let written = 0;
    const writing = setInterval(() => {
      for (let i = 0; i < 500 && written < writes; i += 1, written += 1) fifo.write('x');
    }, 1);
    await expectNoDelayDuring(work);
    clearInterval(writing);
    fifo.close();
    expect(read).toBe(writes);
    expect(values).toBeLessThan(200);
  });

  it('of signals gets all that were queued', async () => {
    let sum = 0;
    const stream = signals('SIGUSR2', { queue, window: 1 });
    const loop = stream[Symbol.asyncIterator]();
    let sent = 0;
    for (let round = 0; round < 50; round += 1) {
      const next = loop.next();
      // Each is recorded before the next is sent: the kernel merges those that are pending.
      for (let i = 0; i < 20; i += 1, sent += 1) process.kill(process.pid, 'SIGUSR2');
      sum += (await next).value?.count ?? 0;
    }
    while (sum < sent) sum += (await loop.next()).value?.count ?? 0;
    await loop.return();
    expect(sum).toBe(sent);
  });

  it('of a watch is told that it missed some, and knows the whole tree in the end', async () => {
    await using tree = new Changing(1);
    await using follower = new Follower(tree, { queue });
    const before = heap() + queue.stats().memory;
    let events = 0;
    let grown = 0;
    const work = follower.burst('flood', 40_000, async () => {
      events += 1;
      if (events > 300) return;
      await slowly(10);
      if (events === 300) grown = heap() + queue.stats().memory - before;
    });
    await expectNoDelayDuring(work);
    expect(await work).toEqual([]);
    expect(follower.picture.counts).toHaveProperty('rescan');
    expect(await follower.burst('any', 500)).toEqual([]);
    expect(grown).toBeLessThan(4e6);
  }, 30_000);

  it('of a channel keeps its senders waiting', async () => {
    const values = channel<number>({ queue, capacity: 1024 });
    const before = heap();
    let inFlight = 0;
    let most = 0;
    const sending = (async () => {
      for (let i = 0; i < 3000; i += 1) {
        inFlight += 1;
        most = Math.max(most, inFlight);
        await values.send(i);
      }
      values.close();
    })();
    let expected = 0;
    const work = (async () => {
      for await (const value of values) {
        expect(value).toBe(expected);
        expected += 1;
        inFlight -= 1;
        if (expected % 50 === 0) await slowly(2);
      }
      await sending;
    })();
    await expectNoDelayDuring(work);
    expect(expected).toBe(3000);
    expect(most).toBeLessThan(200);
    expect(heap() - before).toBeLessThan(4e6);
  });
});
