import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { lastValueFrom, map, NEVER, take, toArray } from 'rxjs';
import { afterEach, beforeEach, expect, it } from 'vitest';

import { Queue } from '../../lib/index.js';
import { channel, drain, interval, lines, signals } from '../../lib/rxjs.js';

let queue: Queue;
beforeEach(() => {
  queue = new Queue();
});
afterEach(() => queue.close());

it('slow work on a fast interval has all periods, counted', async () => {
  const ticks = interval(0.2, { queue }).pipe(
    drain(async (tick) => {
      await delay(10);
      return [tick];
    }),
    map(([tick]) => tick),
    take(10),
    toArray(),
  );
  const got = await lastValueFrom(ticks);
  const counts = got.map((tick) => tick?.count ?? 0);
  expect(counts.reduce((sum, count) => sum + count)).toBe(got.at(-1)?.index);
  // Fifty periods pass while one is worked on.
  expect(got.at(-1)?.index).toBeGreaterThan(400);
  expect(queue.stats().kevents).toBe(0);
});

it('work on lines that does not end stops the process that writes them', async () => {
  const yes = spawn('yes', ['a line of text'], { stdio: ['ignore', 'pipe', 'inherit'] });
  try {
    yes.stdout.pause();
    const { fd } = (yes.stdout as unknown as { _handle: { fd: number } })._handle;
    let started = 0;
    const work = (): typeof NEVER => {
      started += 1;
      return NEVER;
    };
    const subscription = lines(fd, { queue })
      .pipe(drain(work, { concurrency: 3 }))
      .subscribe();
    await expect.poll(() => started).toBe(3);
    const written = (): string => /wchar: (\d+)/.exec(readFileSync(`/proc/${yes.pid}/io`, 'utf8'))?.[1] ?? '';
    // It sleeps in write(2) as soon as the pipe is full.
    let before = '';
    const stopped = (): boolean => {
      const now = written();
      const same = now === before;
      before = now;
      return same;
    };
    await expect.poll(stopped, { interval: 50 }).toBe(true);
    await delay(50);
    expect(written()).toBe(before);
    expect(started).toBe(3);
    subscription.unsubscribe();
    expect(queue.stats().kevents).toBe(0);
  } finally {
    yes.kill('SIGKILL');
  }
});

it('work on a channel keeps the sender waiting, and nothing is lost', async () => {
  const numbers = channel<number>({ queue, capacity: 1024 });
  const most = { waiting: 0 };
  let sent = 0;
  let worked = 0;
  const done = lastValueFrom(
    numbers.pipe(
      drain(async (value) => {
        most.waiting = Math.max(most.waiting, sent - worked);
        await new Promise(setImmediate);
        worked += 1;
        return value;
      }),
      toArray(),
    ),
  );
  for (let value = 0; value < 1000; value += 1) {
    await numbers.channel.send(value);
    sent += 1;
  }
  numbers.channel.close();
  expect(await done).toEqual(Array.from({ length: 1000 }, (_, value) => value));
  expect(most.waiting).toBeLessThan(300);
});

it('signals that come while work runs are there when it is done', async () => {
  const pids: number[] = [];
  let worked = 0;
  const subscription = signals('SIGRTMIN+5', { queue, exclusive: true, window: 1 })
    .pipe(
      drain(async ({ pid, count }) => {
        pids.push(pid);
        await delay(1);
        worked += count;
      }),
    )
    .subscribe();
  for (let i = 0; i < 50; i += 1) process.kill(process.pid, 39);
  await expect.poll(() => worked).toBe(50);
  expect(new Set(pids)).toEqual(new Set([process.pid]));
  subscription.unsubscribe();
  expect(queue.stats().kevents).toBe(0);
});
