import { describe, expect, it } from 'vitest';

import { HandFed, start, take } from './hand_fed.js';

describe('a window', () => {
  it('holds values until they are asked for, in order', async () => {
    const source = new HandFed({ window: 4 });
    const [loop, first] = start(source.stream);
    source.push(1, 2, 3);
    expect((await first).value).toBe(1);
    expect(await take(loop, 2)).toEqual([2, 3]);
  });

  it('mutes its source when it is full, once, and asks again when half of it is free', async () => {
    const source = new HandFed({ window: 4 });
    const [loop, first] = start(source.stream);
    source.push(0);
    await first;
    source.push(1, 2, 3);
    expect(source.calls).toEqual([]);
    source.push(4);
    expect(source.calls).toEqual(['mute']);
    // What a source still had in hand is not lost.
    expect(source.push(5)).toBe(1);
    expect(source.calls).toEqual(['mute']);
    expect(await take(loop, 2)).toEqual([1, 2]);
    expect(source.muted).toBe(true);
    expect(await take(loop, 1)).toEqual([3]);
    expect(source.calls).toEqual(['mute', 'unmute']);
    expect(await take(loop, 2)).toEqual([4, 5]);
  });

  it('of 1 asks for each value', async () => {
    const source = new HandFed({ window: 1 });
    const [loop, first] = start(source.stream);
    source.push(1);
    await first;
    source.push(2);
    expect(source.muted).toBe(true);
    expect(await take(loop, 1)).toEqual([2]);
    expect(source.muted).toBe(false);
  });

  it.each([0, -1, 1.5, Number.NaN, Number.POSITIVE_INFINITY])('cannot be of size %d', (window) => {
    expect(() => new HandFed({ window })).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
  });

  it('that was muted while the source opened is asked again by its reader', async () => {
    const source = new HandFed({ window: 1, level: true });
    const [loop, first] = start(source.stream);
    expect(source.push(1)).toBe(1);
    await first;
    expect(source.push(2)).toBe(0);
    const next = loop.next();
    expect(source.calls).toEqual(['mute', 'unmute']);
    expect(source.push(3)).toBe(1);
    expect((await next).value).toBe(3);
  });
});

describe('a level source', () => {
  it('has its value dropped, and is muted, while nobody waits', async () => {
    const source = new HandFed({ level: true });
    const [loop, first] = start(source.stream);
    expect(source.push(1)).toBe(1);
    expect(source.push(2)).toBe(0);
    expect(source.push(3)).toBe(0);
    expect(source.calls).toEqual(['mute']);
    await first;
    const next = loop.next();
    expect(source.muted).toBe(false);
    source.push(4);
    expect((await next).value).toBe(4);
  });

  it('does not make an offered value that nobody waits for', async () => {
    const source = new HandFed({ level: true });
    const [, first] = start(source.stream);
    let made = 0;
    const make = (): number => {
      made += 1;
      return made;
    };
    expect(source.sink.offer(make)).toBe(true);
    expect(source.sink.offer(make)).toBe(false);
    expect(made).toBe(1);
    expect((await first).value).toBe(1);
    expect(source.muted).toBe(true);
  });

  it('is seen by all loops if they are to see all, one round at a time', async () => {
    const source = new HandFed({ level: true, all: true });
    const [a, a1] = start(source.stream);
    const [b, b1] = start(source.stream);
    expect(source.push(1)).toBe(1);
    expect([(await a1).value, (await b1).value]).toEqual([1, 1]);
    const a2 = a.next();
    expect(source.push(2)).toBe(1);
    expect((await a2).value).toBe(2);
    const a3 = a.next();
    // b has not had 2 yet: nothing piles up for it.
    expect(source.push(3)).toBe(0);
    expect(await take(b, 1)).toEqual([2]);
    const b3 = b.next();
    expect(source.muted).toBe(false);
    expect(source.push(4)).toBe(1);
    expect([(await a3).value, (await b3).value]).toEqual([4, 4]);
    expect(source.push(5)).toBe(0);
  });
});

describe('several loops', () => {
  it('compete: each value goes to exactly one', async () => {
    const source = new HandFed();
    const [a, a1] = start(source.stream);
    const [b, b1] = start(source.stream);
    source.push(1, 2, 3, 4);
    expect([(await a1).value, (await b1).value]).toEqual([1, 2]);
    expect([...(await take(b, 1)), ...(await take(a, 1))]).toEqual([3, 4]);
    expect(source.opened).toBe(1);
  });

  it('each see every value if they are to, and the slowest slows them all', async () => {
    const source = new HandFed({ all: true, window: 2 });
    const [a, a1] = start(source.stream);
    const [b, b1] = start(source.stream);
    source.push(1);
    expect([(await a1).value, (await b1).value]).toEqual([1, 1]);
    const a2 = take(a, 2);
    source.push(2, 3);
    expect(await a2).toEqual([2, 3]);
    expect(source.muted).toBe(true);
    expect(await take(b, 1)).toEqual([2]);
    expect(source.muted).toBe(false);
    expect(await take(b, 1)).toEqual([3]);
  });

  it('go on when one of them leaves, also the one that held them up', async () => {
    const source = new HandFed({ all: true, window: 1 });
    const [a, a1] = start(source.stream);
    const [b, b1] = start(source.stream);
    source.push(1);
    await Promise.all([a1, b1]);
    const a2 = a.next();
    source.push(2);
    expect((await a2).value).toBe(2);
    expect(source.muted).toBe(true);
    await b.return?.();
    expect(source.muted).toBe(false);
    expect(source.closed).toBe(0);
    await a.return?.();
    expect(source.closed).toBe(1);
  });

  it('are answered in the order in which they asked, also one that asks several times', async () => {
    const source = new HandFed();
    const loop = source.stream[Symbol.asyncIterator]();
    const asked = [loop.next(), loop.next(), loop.next()];
    source.push(1, 2, 3, 4);
    expect((await Promise.all(asked)).map(({ value }) => value)).toEqual([1, 2, 3]);
    expect(await take(loop, 1)).toEqual([4]);
  });
});

describe('batches', () => {
  it('are all that wait, at least one', async () => {
    const source = new HandFed({ window: 4 });
    const batches = source.stream.batches();
    const first = batches.next();
    source.push(1);
    expect((await first).value).toEqual([1]);
    source.push(2, 3, 4, 5);
    expect(source.muted).toBe(true);
    expect((await batches.next()).value).toEqual([2, 3, 4, 5]);
    expect(source.muted).toBe(false);
    const last = batches.next();
    source.push(6);
    source.sink.end();
    expect((await last).value).toEqual([6]);
    expect((await batches.next()).done).toBe(true);
  });

  it('leave the stream as loops do', async () => {
    const source = new HandFed();
    const batches = source.stream.batches();
    const first = batches.next();
    source.push(1);
    await first;
    await batches.return?.();
    expect(source.closed).toBe(1);
    const again = source.stream.batches();
    void again.next();
    await expect(again.throw?.(new Error('enough'))).rejects.toThrow('enough');
    expect(source.closed).toBe(2);
  });
});
