import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { interval, lines, merge, Queue, readable, timer } from '../../lib/index.js';
import { Fifo } from '../raw/fifo.js';
import { HandFed, start, take } from '../streams/hand_fed.js';

let queue: Queue;
let fifo: Fifo;
beforeEach(() => {
  queue = new Queue();
  fifo = new Fifo();
});
afterEach(() => {
  queue.close();
  fifo.close();
});

describe('merge', () => {
  it('keeps the order of arrival, whoever waits', async () => {
    const a = new HandFed();
    const b = new HandFed();
    const [loop, first] = start(merge(a.stream, b.stream));
    a.push(1, 2);
    b.push(3);
    a.push(4);
    b.push(5, 6);
    expect((await first).value).toBe(1);
    expect(await take(loop, 5)).toEqual([2, 3, 4, 5, 6]);
  });

  it('holds no more than its window and those of its streams', async () => {
    const a = new HandFed({ window: 2 });
    const [loop, first] = start(merge(a.stream, { window: 2 }));
    a.push(1);
    await first;
    a.push(2, 3, 4, 5);
    expect(a.muted).toBe(true);
    expect(await take(loop, 4)).toEqual([2, 3, 4, 5]);
    expect(a.muted).toBe(false);
  });

  it('asks streams of level only while somebody waits', async () => {
    const a = new HandFed({ level: true });
    const b = new HandFed();
    const [loop, first] = start(merge(a.stream, b.stream));
    expect(a.push(1)).toBe(1);
    expect(a.push(2)).toBe(0);
    await first;
    b.push(3);
    expect(a.push(4)).toBe(0);
    expect(await take(loop, 1)).toEqual([3]);
    const next = loop.next();
    expect(a.push(5)).toBe(1);
    expect((await next).value).toBe(5);
  });

  it('ends with the last, and fails with the first, after what came before', async () => {
    const a = new HandFed();
    const b = new HandFed();
    const both = merge(a.stream, b.stream);
    const [loop, first] = start(both);
    a.push(1, 2);
    a.sink.end();
    await first;
    b.push(3);
    b.sink.end();
    expect(await take(loop, 3)).toEqual([2, 3]);
    expect((await loop.next()).done).toBe(true);

    const [again, one] = start(both);
    b.push(1, 2);
    a.sink.fail(new Error('broken'));
    await one;
    expect(await take(again, 1)).toEqual([2]);
    await expect(again.next()).rejects.toThrow('broken');
    expect([a.closed, b.closed]).toEqual([2, 2]);
  });

  it('leaves all of them when it is left', async () => {
    const stream = merge(interval(1e6, { queue }), readable(fifo.fd, { queue }), timer(1, { queue }));
    for await (const _ of stream) break;
    expect(queue.stats().kevents).toBe(0);
  });

  it('reads whatever can be iterated', async () => {
    async function* numbers(): AsyncGenerator<number> {
      yield 1;
      yield 2;
    }
    const doubled = timer(5, { queue }).map(({ count }) => count * 30);
    expect((await merge(numbers(), doubled).toArray()).sort()).toEqual([1, 2, 30]);
    expect(() => merge([1] as unknown as AsyncIterable<number>)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
    expect(await merge().toArray()).toEqual([]);
  });

  it('loses no line of a stream that it was left in the middle of', async () => {
    fifo.write('a\nb\nc\n');
    const text = lines(fifo.fd, { queue });
    expect(await merge(text).once()).toBe('a');
    expect(await merge(text).once()).toBe('b');
    expect(await text.once()).toBe('c');
  });
});
