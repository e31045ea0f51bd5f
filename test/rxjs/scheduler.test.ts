import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import {
  asyncScheduler,
  auditTime,
  bufferTime,
  debounceTime,
  delay as delayed,
  EMPTY,
  firstValueFrom,
  interval,
  lastValueFrom,
  mergeMap,
  NEVER,
  observeOn,
  of,
  range,
  type SchedulerAction,
  Subject,
  sampleTime,
  scheduled,
  take,
  throttleTime,
  timeInterval,
  timeout,
  timer,
  toArray,
  windowTime,
} from 'rxjs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Queue } from '../../lib/index.js';
import { KeventScheduler, keventAsapScheduler, keventScheduler } from '../../lib/rxjs.js';

let queue: Queue;
let scheduler: KeventScheduler;
beforeEach(() => {
  queue = new Queue();
  scheduler = new KeventScheduler({ queue });
});
afterEach(() => queue.close());

function kevents(): number {
  return queue.stats().kevents;
}

describe('a scheduled action', () => {
  it('runs once, with its state, not early, and leaves no kevent', async () => {
    const began = performance.now();
    const [state, at] = await new Promise<[string, number]>((resolve) => {
      scheduler.schedule<string>((given) => resolve([given, performance.now()]), 2.5, 'state');
    });
    expect(state).toBe('state');
    expect(at - began).toBeGreaterThanOrEqual(2.5);
    expect(kevents()).toBe(0);
  });

  // Noise only adds to a time: one good try of three shows what the scheduler can do.
  it('has delays of less than a millisecond', { retry: 2 }, async () => {
    const lateness: number[] = [];
    for (let i = 0; i < 50; i += 1) {
      const began = performance.now();
      await new Promise((resolve) => scheduler.schedule(resolve, 0.1));
      lateness.push(performance.now() - began - 0.1);
    }
    lateness.sort((a, b) => a - b);
    expect(lateness[0]).toBeGreaterThanOrEqual(0);
    // setTimeout cannot wait for less than a whole millisecond.
    expect(lateness[10]).toBeLessThan(0.8);
  });

  it('is gone when it is unsubscribed, and its kevent with the last of them', async () => {
    const ran: number[] = [];
    const actions = [30, 1, 2, 40, 3].map((after) => scheduler.schedule(() => ran.push(after), after));
    expect(kevents()).toBe(1);
    for (const index of [1, 4, 0, 3]) actions[index]?.unsubscribe();
    expect(kevents()).toBe(1);
    await expect.poll(() => ran).toEqual([2]);
    expect(kevents()).toBe(0);
    scheduler.schedule(() => ran.push(5), 50).unsubscribe();
    expect(kevents()).toBe(0);
    await delay(60);
    expect(ran).toEqual([2]);
  });

  it('can be scheduled anew by its work, with a new state and delay', async () => {
    const seen: [number, number][] = [];
    await new Promise<void>((resolve) => {
      scheduler.schedule<number>(
        function (this: SchedulerAction<number>, state) {
          seen.push([state, performance.now()]);
          if (state === 0) resolve();
          else this.schedule(state - 1, state);
        },
        1,
        3,
      );
    });
    expect(seen.map(([state]) => state)).toEqual([3, 2, 1, 0]);
    seen.reduce(([state, before], [next, at]) => {
      expect(at - before).toBeGreaterThanOrEqual(state - 0.001);
      return [next, at];
    });
    expect(kevents()).toBe(0);
  });

  it('that is scheduled anew before it was due comes at the new time only', async () => {
    const ran: number[] = [];
    const action = scheduler.schedule(() => ran.push(performance.now()), 5) as SchedulerAction<unknown>;
    const began = performance.now();
    action.schedule(undefined, 20);
    await expect.poll(() => ran.length).toBe(1);
    expect((ran[0] ?? 0) - began).toBeGreaterThanOrEqual(20);
    expect(kevents()).toBe(0);
  });

  // Noise only adds to a time: one good try of three shows what the scheduler can do.
  it('repeats without drift, and skips what it was too late for', { retry: 2 }, async () => {
    const at: number[] = [];
    const began = performance.now();
    await new Promise<void>((resolve) => {
      scheduler.schedule(function (this: SchedulerAction<unknown>) {
        at.push(performance.now());
        if (at.length === 40) return resolve();
        if (at.length === 20) for (const until = performance.now() + 7; performance.now() < until; );
        this.schedule(undefined, 2);
      }, 2);
    });
    // Each is on the grid: late by less than a period, however late those before it were.
    const late = at.map((time) => (time - began) % 2);
    late.sort((a, b) => a - b);
    expect(late[20]).toBeLessThan(1);
    expect((at.at(-1) ?? 0) - began).toBeGreaterThanOrEqual(40 * 2 + 3 * 2);
  });

  it('runs in the order in which it is due, then in that in which it was scheduled', async () => {
    const ran: number[] = [];
    // So late that none is due before all are scheduled, on a busy machine too.
    const base = performance.now() + 400;
    for (let i = 0; i < 300; i += 1) scheduler.schedule(() => ran.push(i), 500);
    for (let i = 1; i <= 30; i += 1) scheduler.schedule(() => ran.push(-i), base - i - performance.now());
    while (performance.now() < base + 20);
    await expect.poll(() => ran.length).toBe(330);
    expect(ran.slice(0, 30)).toEqual(Array.from({ length: 30 }, (_, i) => i - 30));
    expect(ran.slice(30)).toEqual(Array.from({ length: 300 }, (_, i) => i));
  });

  it('that schedules itself without a delay lets the event loop have its turns', async () => {
    let rounds = 0;
    const action = scheduler.schedule(function (this: SchedulerAction<unknown>) {
      rounds += 1;
      this.schedule();
    });
    await delay(5);
    action.unsubscribe();
    expect(rounds).toBeGreaterThan(1);
    expect(kevents()).toBe(0);
  });

  it('that throws is an uncaught exception, and the others run all the same', async () => {
    const caught: unknown[] = [];
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', (error) => caught.push(error));
    try {
      let ran = false;
      const failing = scheduler.schedule(() => {
        throw new Error('of the work');
      }, 1);
      scheduler.schedule(() => {
        ran = true;
      }, 1);
      await expect.poll(() => ran && caught.length === 1).toBe(true);
      expect(caught[0]).toMatchObject({ message: 'of the work' });
      expect(failing.closed).toBe(true);
      expect(kevents()).toBe(0);
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of others) process.on('uncaughtException', listener);
    }
  });

  it('has the AsyncLocalStorage context of who scheduled it', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen = new Map<string, string | undefined>();
    for (const name of ['a', 'b']) {
      storage.run(name, () => {
        scheduler.schedule(() => seen.set(name, storage.getStore()), 1);
        keventAsapScheduler.schedule(() => seen.set(`asap ${name}`, storage.getStore()));
      });
    }
    await expect.poll(() => seen.size).toBe(4);
    expect(Object.fromEntries(seen)).toEqual({ a: 'a', b: 'b', 'asap a': 'a', 'asap b': 'b' });
  });

  it('that never comes has no kevent; what is not a delay is none', async () => {
    const never = scheduler.schedule(() => undefined, Number.POSITIVE_INFINITY);
    expect(kevents()).toBe(0);
    never.unsubscribe();
    const ran: number[] = [];
    for (const odd of [-1, Number.NaN, 0]) scheduler.schedule(() => ran.push(odd), odd);
    await expect.poll(() => ran).toEqual([-1, Number.NaN, 0]);
  });

  it('of years is accepted', () => {
    const action = scheduler.schedule(() => undefined, 1e14);
    expect(kevents()).toBe(1);
    action.unsubscribe();
    expect(kevents()).toBe(0);
  });
});

it('the heap stays in order through a thousand random changes', async () => {
  const ran: number[] = [];
  const wanted = new Map<number, number>();
  const actions: SchedulerAction<unknown>[] = [];
  // A fixed sequence, so that a failure can be repeated.
  let seed = 7;
  const random = (): number => {
    seed = (seed * 1103515245 + 12345) & 0x7fffffff;
    return seed / 0x7fffffff;
  };
  for (let i = 0; i < 1000; i += 1) {
    const after = 1 + Math.floor(random() * 20);
    actions.push(scheduler.schedule(() => ran.push(i), after) as SchedulerAction<unknown>);
    wanted.set(i, after);
    const other = Math.floor(random() * i);
    const chance = random();
    if (chance < 0.3) {
      actions[other]?.unsubscribe();
      wanted.delete(other);
    } else if (chance < 0.5 && wanted.has(other)) {
      actions[other]?.schedule(undefined, 25);
      wanted.set(other, 25);
    }
  }
  await expect.poll(() => ran.length).toBe(wanted.size);
  expect([...ran].sort((a, b) => a - b)).toEqual([...wanted.keys()].sort((a, b) => a - b));
  expect(kevents()).toBe(0);
});

describe('now()', () => {
  it('is the time since 1970, goes on evenly, and has fractions', () => {
    expect(Math.abs(scheduler.now() - Date.now())).toBeLessThan(1000);
    const times = Array.from({ length: 100 }, () => scheduler.now());
    expect(times).toEqual([...times].sort((a, b) => a - b));
    expect(times.some((time) => time % 1 !== 0)).toBe(true);
  });

  it('lets a Date be waited for', async () => {
    const at = new Date(Date.now() + 15);
    await lastValueFrom(timer(at, scheduler));
    expect(Date.now()).toBeGreaterThanOrEqual(at.getTime() - 1);
  });
});

describe('the time operators of RxJS work on it:', () => {
  const ticks = (count: number): Promise<number[]> =>
    lastValueFrom(interval(2, scheduler).pipe(take(count), toArray()));

  it('interval, timer, range, scheduled, observeOn', async () => {
    expect(await ticks(3)).toEqual([0, 1, 2]);
    expect(await lastValueFrom(timer(1, 1, scheduler).pipe(take(2), toArray()))).toEqual([0, 1]);
    expect(await lastValueFrom(range(1, 3, scheduler).pipe(toArray()))).toEqual([1, 2, 3]);
    expect(await lastValueFrom(scheduled([1, 2, 3], scheduler).pipe(toArray()))).toEqual([1, 2, 3]);
    expect(await lastValueFrom(of(1, 2).pipe(observeOn(scheduler, 1), toArray()))).toEqual([1, 2]);
    expect(kevents()).toBe(0);
  });

  it('delay keeps the order', async () => {
    const values = Array.from({ length: 200 }, (_, i) => i);
    expect(await lastValueFrom(of(...values).pipe(delayed(2, scheduler), toArray()))).toEqual(values);
    expect(kevents()).toBe(0);
  });

  it('debounceTime and auditTime', async () => {
    const values = new Subject<number>();
    const debounced: number[] = [];
    const audited: number[] = [];
    values.pipe(debounceTime(10, scheduler)).subscribe((value) => debounced.push(value));
    values.pipe(auditTime(10, scheduler)).subscribe((value) => audited.push(value));
    for (let i = 0; i < 10; i += 1) values.next(i);
    await expect.poll(() => [debounced, audited]).toEqual([[9], [9]]);
    expect(kevents()).toBe(0);
  });

  it('throttleTime, sampleTime, bufferTime, windowTime', async () => {
    const source = interval(1, scheduler).pipe(take(20));
    expect((await lastValueFrom(source.pipe(throttleTime(5, scheduler), toArray()))).length).toBeLessThan(8);
    expect((await lastValueFrom(source.pipe(sampleTime(5, scheduler), toArray()))).length).toBeLessThan(8);
    const buffers = await lastValueFrom(source.pipe(bufferTime(5, null, Infinity, scheduler), toArray()));
    expect(buffers.flat()).toEqual(Array.from({ length: 20 }, (_, i) => i));
    const windows = source.pipe(
      windowTime(5, null, Infinity, scheduler),
      mergeMap((window) => window.pipe(toArray())),
      toArray(),
    );
    expect((await lastValueFrom(windows)).flat()).toHaveLength(20);
    expect(kevents()).toBe(0);
  });

  it('timeout and timeInterval', async () => {
    const late = firstValueFrom(NEVER.pipe(timeout({ each: 3, scheduler })));
    await expect(late).rejects.toMatchObject({ name: 'TimeoutError' });
    const spans = interval(2, scheduler).pipe(take(3), timeInterval(scheduler), toArray());
    for (const { interval: span } of await lastValueFrom(spans)) expect(span).toBeGreaterThan(0);
    await lastValueFrom(EMPTY.pipe(timeout({ each: 1000, scheduler })), { defaultValue: 0 });
    expect(kevents()).toBe(0);
  });

  it('what is unsubscribed in between has no kevent', () => {
    const source = interval(1, scheduler);
    const pipes = [
      source,
      source.pipe(debounceTime(5, scheduler)),
      source.pipe(bufferTime(5, null, Infinity, scheduler)),
      source.pipe(delayed(5, scheduler)),
    ];
    const subscriptions = pipes.map((pipe) => (pipe as typeof source).subscribe());
    expect(kevents()).toBe(1);
    for (const subscription of subscriptions) subscription.unsubscribe();
    expect(kevents()).toBe(0);
  });
});

describe('keventAsapScheduler', () => {
  it('runs before timers and immediates, in order, after the code that is running', async () => {
    const ran: string[] = [];
    asyncScheduler.schedule(() => ran.push('async'));
    setImmediate(() => ran.push('immediate'));
    keventAsapScheduler.schedule(() => ran.push('first'));
    keventAsapScheduler.schedule<number>(function (this: SchedulerAction<number>, round = 0) {
      ran.push(`round ${round}`);
      if (round < 2) this.schedule(round + 1);
    });
    keventAsapScheduler.schedule(() => ran.push('gone')).unsubscribe();
    expect(ran).toEqual([]);
    await expect.poll(() => ran).toContain('async');
    expect(ran.slice(0, 4)).toEqual(['first', 'round 0', 'round 1', 'round 2']);
    expect(ran).not.toContain('gone');
  });

  it('with a delay is as the other', async () => {
    const asap = new KeventScheduler({ queue, asap: true });
    const began = performance.now();
    await new Promise((resolve) => asap.schedule(resolve, 3));
    expect(performance.now() - began).toBeGreaterThanOrEqual(3);
    const action = asap.schedule(() => undefined) as SchedulerAction<unknown>;
    action.schedule(undefined, 50);
    expect(kevents()).toBe(1);
    action.unsubscribe();
    expect(kevents()).toBe(0);
  });
});

it('uses the default queue when it is not given one, also after that was closed', async () => {
  const { defaultQueue } = await import('../../lib/index.js');
  await lastValueFrom(interval(1, keventScheduler).pipe(take(2)));
  defaultQueue().close();
  await lastValueFrom(interval(1, keventScheduler).pipe(take(2)));
  expect(defaultQueue().stats().kevents).toBe(0);
});

it('refuses what is not a queue', () => {
  expect(() => new KeventScheduler({ queue: 1 as never })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
  );
});
