import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { setImmediate as immediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { defaultQueue, interval, Queue, type Tick, timer } from '../../lib/index.js';

const MS = 1_000_000n;

function now(): bigint {
  return process.hrtime.bigint();
}

/** Keeps this thread, and with it every loop, from running. */
function block(span: bigint): void {
  for (const end = now() + span; now() < end; );
}

describe('interval', () => {
  it('does not drift: the n-th value comes n periods after the first reading', async () => {
    const period = 2n * MS;
    const begin = now();
    let last: Tick | undefined;
    for await (const tick of interval(period)) {
      expect(now() - begin).toBeGreaterThanOrEqual(BigInt(tick.index) * period);
      last = tick;
      if (tick.index >= 50) break;
    }
    expect(last?.index).toBeGreaterThanOrEqual(50);
  });

  it('takes milliseconds as a number, with a fraction', async () => {
    const begin = now();
    const tick = await interval(1.5).drop(9).once();
    expect(now() - begin).toBeGreaterThanOrEqual(15n * MS);
    expect(tick?.index).toBeGreaterThanOrEqual(10);
  });

  it.each(['monotonic', 'realtime', 'boottime'] as const)('runs on the clock %s', async (clock) => {
    let sum = 0;
    for await (const { count, index } of interval(MS, { clock })) {
      sum += count;
      expect(index).toBe(sum);
      if (index >= 5) break;
    }
  });

  it('is not early if it is exact, and counts every period from its start', async () => {
    const period = MS / 2n;
    const start = now() + 2n * MS;
    let sum = 0;
    for await (const { count, index } of interval(period, { start, exact: true })) {
      expect(now()).toBeGreaterThanOrEqual(start + BigInt(index - 1) * period);
      sum += count;
      expect(index).toBe(sum);
      if (index >= 400) break;
    }
  });

  it('is exact for the streams that ask for it, and serves the others meanwhile', async () => {
    await using queue = new Queue();
    const exact = interval(MS, { queue, exact: true }).take(100).toArray();
    const plain = interval(0.7, { queue }).take(100).toArray();
    let turns = 0;
    const node = setInterval(() => {
      turns += 1;
    }, 1);
    const ticks = await Promise.all([exact, plain]);
    clearInterval(node);
    for (const values of ticks) expect(values.at(-1)?.index).toBeGreaterThanOrEqual(100);
    expect(turns).toBeGreaterThan(10);
  });

  it('can be muted and read again by a slow reader while it is exact', async () => {
    const begin = now();
    let last = 0;
    for await (const { index } of interval(MS, { exact: true })) {
      last = index;
      if (index >= 60) break;
      block(3n * MS);
      await immediate();
    }
    expect(now() - begin).toBeGreaterThanOrEqual(BigInt(last) * MS);
  });

  it.each(['realtime', 'boottime'] as const)('cannot be exact on the clock %s', (clock) => {
    const refused = expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' });
    expect(() => interval(1, { clock, exact: true })).toThrow(refused);
    expect(() => timer(1, { clock, exact: true })).toThrow(refused);
    expect(() => timer({ at: 1n, clock }, { exact: true })).toThrow(refused);
  });

  it('needs no descriptor of its own for a start on the monotonic clock', async () => {
    await using queue = new Queue();
    await timer(0, { queue }).once();
    const before = readdirSync('/proc/self/fd').length;
    const streams = [1, 2, 3].map(() => interval(1000, { queue, start: now() })[Symbol.asyncIterator]());
    await Promise.all(streams.map((stream) => stream.next()));
    expect(readdirSync('/proc/self/fd').length).toBe(before);
    await Promise.all(streams.map((stream) => stream.return?.()));
  });

  it('counts the periods that a slow reader has missed, and forgets none', async () => {
    const period = MS / 10n;
    const begin = now();
    let sum = 0;
    for await (const { count, index } of interval(period)) {
      sum += count;
      expect(index).toBe(sum);
      if (sum > 100) break;
      block(2n * MS);
      await immediate();
    }
    expect(BigInt(sum) * period).toBeLessThanOrEqual(now() - begin);
  });

  it.each(['monotonic', 'realtime'] as const)(
    'counts them all in the first value after that, on the clock %s',
    async (clock) => {
      const loop = interval(2n * MS, { clock })[Symbol.asyncIterator]();
      const first = await loop.next();
      // By the third of these, this one has had a period that nobody waited for.
      await interval(3n * MS)
        .take(3)
        .toArray();
      block(40n * MS);
      const { value } = await loop.next();
      expect(value?.count).toBeGreaterThanOrEqual(20);
      expect(value?.index).toBe((first.value?.index ?? 0) + (value?.count ?? 0));
      await loop.return();
    },
  );

  it('does not count the asking: nothing is counted twice if no period has passed since', async () => {
    const period = 20n * MS;
    const begin = now();
    const loop = interval(period)[Symbol.asyncIterator]();
    await loop.next();
    await interval(21n * MS).once();
    const values = [await loop.next(), await loop.next()];
    const passed = (now() - begin) / period;
    expect(values[1]?.value?.index).toBeLessThanOrEqual(Number(passed));
    await loop.return();
  });

  it('has a value for each missed period if asked, and holds no more of them than its window', async () => {
    const seen: number[] = [];
    for await (const { count, index } of interval(MS / 100n, { missed: 'each', window: 4 })) {
      expect(count).toBe(1);
      seen.push(index);
      if (seen.length === 1) {
        block(20n * MS);
        await immediate();
      }
      if (seen.length === 1500) break;
    }
    expect(seen).toEqual(Array.from({ length: 1500 }, (_, i) => i + 1));
  });

  it('forgets missed periods if asked, but not their number', async () => {
    const ticks = interval(MS / 10n, { missed: 'skip' });
    const loop = ticks[Symbol.asyncIterator]();
    const first = await loop.next();
    for (let i = 0; i < 20; i += 1) {
      block(MS / 5n);
      await immediate();
    }
    const { value } = await loop.next();
    await loop.return();
    const before = first.value?.index ?? 0;
    expect(value?.index).toBeGreaterThan(before + 20);
    expect(value?.count).toBeLessThan((value?.index ?? 0) - before);
  });

  it('starts at a point in time, and says how many periods passed since one that is over', async () => {
    const start = now() - 100n * MS;
    const first = await interval(MS, { clock: 'monotonic', start }).once();
    expect(first?.count).toBeGreaterThanOrEqual(100);
    const soon = new Date(Date.now() + 20);
    await interval(1000, { clock: 'realtime', start: soon }).once();
    expect(Date.now()).toBeGreaterThanOrEqual(soon.getTime());
  });

  it.each([
    [() => interval(0n), 'ERR_OUT_OF_RANGE'],
    [() => interval(-1), 'ERR_OUT_OF_RANGE'],
    [() => interval(Number.NaN), 'ERR_OUT_OF_RANGE'],
    [() => interval('1s' as unknown as number), 'ERR_INVALID_ARG_TYPE'],
    [() => interval(1, { clock: 'tai' as 'realtime' }), 'ERR_INVALID_ARG_VALUE'],
    [() => interval(1, { missed: 'none' as 'skip' }), 'ERR_INVALID_ARG_VALUE'],
    [() => interval(1, { window: 0 }), 'ERR_OUT_OF_RANGE'],
    [() => interval(1, { start: new Date() }), 'ERR_INVALID_ARG_VALUE'],
    [() => interval(1, { wakeOnStep: true }), 'ERR_INVALID_ARG_VALUE'],
    [() => interval(1, { queue: {} as Queue }), 'ERR_INVALID_ARG_TYPE'],
    [() => timer('soon' as unknown as number), 'ERR_INVALID_ARG_TYPE'],
    [() => timer(new Date(Number.NaN)), 'ERR_OUT_OF_RANGE'],
    [() => timer(5, { wakeOnStep: true }), 'ERR_INVALID_ARG_VALUE'],
  ])('refuses what makes no sense: %s', (make, code) => {
    expect(make).toThrow(expect.objectContaining({ code }));
  });
});

describe('timer', () => {
  it('is one value, and then the end', async () => {
    const begin = now();
    const all = await timer(3n * MS).toArray();
    expect(now() - begin).toBeGreaterThanOrEqual(3n * MS);
    expect(all).toEqual([{ count: 1, index: 1, stepped: false }]);
  });

  it('comes at a time of the monotonic clock, and is exact if asked', async () => {
    for (const exact of [false, true]) {
      for (let rounds = 0; rounds < 20; rounds += 1) {
        const at = now() + MS;
        const tick = await timer({ at, clock: 'monotonic' }, { exact }).once();
        expect(now()).toBeGreaterThanOrEqual(at);
        expect(tick?.index).toBe(1);
      }
    }
    await timer({ at: 0n, clock: 'monotonic' }).once();
  });

  it('is due at once if its time is 0', async () => {
    expect(await timer(0).toArray()).toHaveLength(1);
    expect(await timer(0, { clock: 'boottime' }).toArray()).toHaveLength(1);
  });

  it.each([
    ['a Date', () => new Date(Date.now() + 15)],
    ['an instant of the wall clock', () => ({ at: BigInt(Date.now() + 15) * MS })],
    ['a monotonic instant', () => ({ at: now() + 15n * MS, clock: 'monotonic' }) as const],
    ['a Date that is over', () => new Date(0)],
  ])('fires at %s', async (_, when) => {
    const at = when();
    const begin = now();
    expect(await timer(at).toArray()).toHaveLength(1);
    if (!(at instanceof Date && at.getTime() === 0)) expect(now() - begin).toBeGreaterThan(12n * MS);
  });

  it('says at once that the wall clock was set, if asked, and then fires', async ({ skip }) => {
    const stepped = timer(new Date(Date.now() + 2000), { wakeOnStep: true })[Symbol.asyncIterator]();
    const first = stepped.next();
    // To what it says: other users of the clock hardly notice.
    const { status } = spawnSync('date', ['--set', 'now'], { stdio: 'ignore' });
    if (status !== 0) {
      await stepped.return();
      skip('the wall clock cannot be set here: that needs CAP_SYS_TIME and GNU date');
    }
    expect(await first).toEqual({ value: { count: 0, index: 0, stepped: true }, done: false });
    expect(await stepped.next()).toEqual({ value: { count: 1, index: 1, stepped: false }, done: false });
    expect(await stepped.next()).toEqual({ value: undefined, done: true });
  });

  it('does not say that the wall clock was set if not asked', async ({ skip }) => {
    const all = timer(new Date(Date.now() + 300)).toArray();
    if (spawnSync('date', ['--set', 'now'], { stdio: 'ignore' }).status !== 0) {
      skip('the wall clock cannot be set here: that needs CAP_SYS_TIME and GNU date');
    }
    expect(await all).toEqual([{ count: 1, index: 1, stepped: false }]);
  });

  it('can be read again, and is then a new one', async () => {
    const short = timer(1);
    expect(await short.toArray()).toHaveLength(1);
    expect(await short.toArray()).toHaveLength(1);
  });
});

describe('the default queue', () => {
  it('has no kevents left when the streams are not read any more', async () => {
    await interval(1).take(2).toArray();
    await timer(1).toArray();
    await timer(1, { clock: 'realtime' }).toArray();
    expect(defaultQueue().stats().kevents).toBe(0);
  });

  it('is made anew if it was closed, and the streams on it end', async () => {
    const waiting = interval(1e6).toArray();
    defaultQueue().close();
    expect(await waiting).toEqual([]);
    expect(await timer(1).toArray()).toHaveLength(1);
  });

  it('is not used by a stream that is given another', async () => {
    await using queue = new Queue();
    const loop = interval(1e6, { queue })[Symbol.asyncIterator]();
    const result = loop.next();
    expect(queue.stats().kevents).toBe(1);
    expect(defaultQueue().stats().kevents).toBe(0);
    await loop.return();
    expect(queue.stats().kevents).toBe(0);
    expect(await result).toEqual({ value: undefined, done: true });
  });
});
