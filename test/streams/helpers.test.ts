import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { interval, timer } from '../../lib/index.js';
import { HandFed, take } from './hand_fed.js';

/** A source that has been given some values, and has ended. */
function ended(...values: number[]): HandFed {
  const source = new HandFed();
  const { stream } = source;
  // The first reader opens it, and finds all that there is.
  const enter = stream.enter.bind(stream);
  stream.enter = (reader) => {
    const window = enter(reader);
    source.push(...values);
    source.sink.end();
    return window;
  };
  return source;
}

describe('map, filter, take, drop and flatMap', () => {
  it('do what their namesakes of iterators do', async () => {
    const seen: [number, number][] = [];
    const stream = ended(1, 2, 3, 4, 5, 6).stream;
    const mapped = stream.map((value, index) => {
      seen.push([value, index]);
      return value * 10;
    });
    expect(await mapped.toArray()).toEqual([10, 20, 30, 40, 50, 60]);
    expect(seen).toEqual([1, 2, 3, 4, 5, 6].map((value) => [value, value - 1]));
    expect(await stream.filter(async (value) => value % 2 === 0).toArray()).toEqual([2, 4, 6]);
    expect(await stream.take(2).toArray()).toEqual([1, 2]);
    expect(await stream.take(Number.POSITIVE_INFINITY).toArray()).toHaveLength(6);
    expect(await stream.drop(4).toArray()).toEqual([5, 6]);
    expect(await stream.drop(9).toArray()).toEqual([]);
    expect(
      await stream.flatMap((value, index) => Array(index < 3 ? value : 0).fill(value)).toArray(),
    ).toEqual([1, 2, 2, 3, 3, 3]);
    const inner = ended(7, 8).stream;
    expect(
      await stream
        .take(2)
        .flatMap(() => inner)
        .toArray(),
    ).toEqual([7, 8, 7, 8]);
  });

  it('do nothing before they are read, and read anew each time', async () => {
    const source = ended(1, 2);
    const doubled = source.stream.map((value) => value * 2);
    expect(source.opened).toBe(0);
    expect(await doubled.toArray()).toEqual([2, 4]);
    expect(await doubled.toArray()).toEqual([2, 4]);
    expect(source.opened).toBe(2);
  });

  it('of 0 values open nothing', async () => {
    const source = ended(1);
    expect(await source.stream.take(0).toArray()).toEqual([]);
    expect(source.opened).toBe(0);
  });

  it('leave their source with the last value that they take, not one later', async () => {
    const source = new HandFed();
    const loop = source.stream.take(2)[Symbol.asyncIterator]();
    const both = [loop.next(), loop.next()];
    source.push(1, 2);
    await Promise.all(both);
    expect(source.closed).toBe(1);
    expect((await loop.next()).done).toBe(true);
  });

  it('leave their source when they are left, also while they wait', async () => {
    const source = new HandFed();
    const stream = source.stream
      .map((value) => value)
      .filter(() => true)
      .drop(1)
      .flatMap((value) => [value]);
    const loop = stream[Symbol.asyncIterator]();
    const waiting = loop.next();
    await delay(1);
    expect(source.opened).toBe(1);
    await loop.return?.();
    expect(source.closed).toBe(1);
    expect((await waiting).done).toBe(true);
  });

  it('leave their source when what they call throws', async () => {
    const fail = (): never => {
      throw new Error('bad');
    };
    const { stream } = ended(1, 2, 3);
    for (const failing of [stream.map(fail), stream.filter(fail), stream.flatMap(fail)]) {
      const loop = failing[Symbol.asyncIterator]();
      await expect(loop.next()).rejects.toThrow('bad');
      expect((await loop.next()).done).toBe(true);
    }
  });

  it('leave what flatMap has opened when they are left', async () => {
    const [outer, inner] = [new HandFed(), new HandFed()];
    const loop = outer.stream.flatMap(() => inner.stream)[Symbol.asyncIterator]();
    const next = loop.next();
    await delay(1);
    outer.push(1);
    await expect.poll(() => inner.opened).toBe(1);
    inner.push(2);
    expect((await next).value).toBe(2);
    await loop.return?.();
    expect([outer.closed, inner.closed]).toEqual([1, 1]);
  });

  it('refuse what is no function, or no count', () => {
    const { stream } = new HandFed();
    const no = 1 as unknown as () => never;
    for (const make of [() => stream.map(no), () => stream.filter(no), () => stream.flatMap(no)]) {
      expect(make).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    }
    expect(() => stream.take(-1)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    expect(() => stream.drop(Number.NaN)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
  });
});

describe('overlapping calls of next()', () => {
  it('run what map calls side by side, and are answered each with its own', async () => {
    let running = 0;
    let most = 0;
    const slow = ended(3, 2, 1).stream.map(async (value) => {
      running += 1;
      most = Math.max(most, running);
      await delay(value * 5);
      running -= 1;
      return value;
    });
    const loop = slow[Symbol.asyncIterator]();
    const results = await Promise.all([loop.next(), loop.next(), loop.next(), loop.next()]);
    expect(results.map(({ value }) => value)).toEqual([3, 2, 1, undefined]);
    expect(most).toBe(3);
  });

  it('are put one behind the other by filter', async () => {
    const even = ended(1, 2, 3, 4).stream.filter(async (value) => {
      await delay(5 - value);
      return value % 2 === 0;
    });
    const loop = even[Symbol.asyncIterator]();
    const results = await Promise.all([loop.next(), loop.next(), loop.next()]);
    expect(results.map(({ value }) => value)).toEqual([2, 4, undefined]);
  });
});

describe('reduce, some, every, find, forEach and once', () => {
  it('do what their namesakes do, and leave as soon as they know', async () => {
    const { stream } = ended(1, 2, 3, 4);
    expect(await stream.reduce((sum, value) => sum + value)).toBe(10);
    expect(await stream.reduce(async (all, value, index) => `${all}${value}${index}`, '')).toBe('10213243');
    await expect(ended().stream.reduce((sum) => sum)).rejects.toBeInstanceOf(TypeError);
    expect(await ended().stream.reduce((sum) => sum, 5)).toBe(5);
    expect(await stream.some(async (value) => value === 2)).toBe(true);
    expect(await stream.some(() => false)).toBe(false);
    expect(await stream.every((value) => value < 3)).toBe(false);
    expect(await ended().stream.every(() => false)).toBe(true);
    expect(await stream.find((value) => value > 2)).toBe(3);
    expect(await stream.find((value) => value > 9)).toBeUndefined();
    expect(await stream.once()).toBe(1);
    expect(await ended().stream.once()).toBeUndefined();
    const source = new HandFed();
    const found = source.stream.find((value) => value === 1);
    source.push(1);
    expect(await found).toBe(1);
    expect(source.closed).toBe(1);
  });

  it('wait for each call of forEach before they go on', async () => {
    const order: string[] = [];
    await ended(1, 2).stream.forEach(async (value) => {
      order.push(`begin ${value}`);
      await delay(2);
      order.push(`end ${value}`);
    });
    expect(order).toEqual(['begin 1', 'end 1', 'begin 2', 'end 2']);
  });
});

describe('toReadable', () => {
  it('pulls one value at a time, and ends with the stream', async () => {
    const source = new HandFed();
    const reader = source.stream.toReadable().getReader();
    expect(source.opened).toBe(0);
    const first = reader.read();
    await expect.poll(() => source.opened).toBe(1);
    source.push(1, 2);
    expect(await first).toEqual({ value: 1, done: false });
    expect((await reader.read()).value).toBe(2);
    const last = reader.read();
    source.sink.end();
    expect((await last).done).toBe(true);
  });

  it('leaves the stream when it is cancelled, and fails when that fails', async () => {
    const source = new HandFed();
    const readable = source.stream.toReadable();
    const reader = readable.getReader();
    const waiting = reader.read();
    await expect.poll(() => source.opened).toBe(1);
    await reader.cancel();
    expect(source.closed).toBe(1);
    expect((await waiting).done).toBe(true);

    const failing = source.stream.toReadable().getReader();
    const read = failing.read();
    await expect.poll(() => source.opened).toBe(2);
    source.sink.fail(new Error('broken'));
    await expect(read).rejects.toThrow('broken');
  });
});

describe('AsyncLocalStorage', () => {
  it("is the consumer's own, in loops and in observers", async () => {
    const storage = new AsyncLocalStorage<string>();
    const stream = interval(1);
    const read = (name: string): Promise<(string | undefined)[]> =>
      storage.run(name, async () => {
        const seen: (string | undefined)[] = [];
        for await (const _ of stream) {
          seen.push(storage.getStore());
          if (seen.length === 3) break;
        }
        return seen;
      });
    const all = await Promise.all([read('a'), read('b')]);
    expect(all).toEqual([Array(3).fill('a'), Array(3).fill('b')]);
    const seen = await new Promise<string | undefined>((resolve) => {
      storage.run('c', () => timer(1).subscribe({ next: () => resolve(storage.getStore()) }));
    });
    expect(seen).toBe('c');
  });
});

it('values of two sources can be taken side by side', async () => {
  const [a, b] = [ended(1, 2), ended(3)];
  const loops = [a.stream[Symbol.asyncIterator](), b.stream[Symbol.asyncIterator]()] as const;
  expect([await take(loops[0], 2), await take(loops[1], 1)]).toEqual([[1, 2], [3]]);
});
