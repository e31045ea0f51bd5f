import { AsyncLocalStorage } from 'node:async_hooks';
import { firstValueFrom, from, lastValueFrom, map, share, take, toArray } from 'rxjs';
import { describe, expect, it } from 'vitest';

import { interval as intervalStream, Queue } from '../../lib/index.js';
import { fromStream, interval, lines, poll, signals } from '../../lib/rxjs.js';
import { HandFed } from '../streams/hand_fed.js';

type Make = (source: HandFed) => ReturnType<typeof fromStream<number>>;

describe.each<[string, Make]>([
  ['fromStream', ({ stream }) => fromStream(stream)],
  ["rxjs's from", ({ stream }) => from(stream)],
])('%s', (_, observe) => {
  it('reads while somebody is subscribed', () => {
    const source = new HandFed();
    const values = observe(source);
    expect(source.opened).toBe(0);
    const got: number[] = [];
    const subscription = values.subscribe((value) => got.push(value));
    expect(source.opened).toBe(1);
    source.push(1, 2);
    expect(got).toEqual([1, 2]);
    subscription.unsubscribe();
    expect(source.closed).toBe(1);
    subscription.unsubscribe();
    observe(source)
      .subscribe((value) => got.push(value))
      .unsubscribe();
    expect([source.opened, source.closed]).toEqual([2, 2]);
  });

  it('ends with the stream, and fails with it', () => {
    const seen: unknown[] = [];
    const observer = {
      next: (value: number) => seen.push(value),
      error: (error: unknown) => seen.push(error),
      complete: () => seen.push('end'),
    };
    const source = new HandFed();
    observe(source).subscribe(observer);
    source.push(1);
    source.sink.end();
    const error = new Error('broken');
    observe(source).subscribe(observer);
    source.sink.fail(error);
    source.failure = new Error('cannot open');
    observe(source).subscribe(observer);
    expect(seen).toEqual([1, 'end', error, source.failure]);
    expect(source.closed).toBe(2);
  });

  it('leaves as soon as somebody down the pipe has enough, also in the middle of what waits already', () => {
    const source = new HandFed();
    const idle = source.stream[Symbol.asyncIterator]();
    void idle.next();
    source.push(0, 1, 2, 3);
    const got: number[] = [];
    observe(source)
      .pipe(take(2))
      .subscribe((value) => got.push(value));
    expect(got).toEqual([1, 2]);
    observe(source)
      .pipe(take(2))
      .subscribe((value) => got.push(value));
    source.push(4, 5);
    expect(got).toEqual([1, 2, 3, 4]);
    void idle.return?.();
    expect(source.closed).toBe(1);
  });

  it('can be unsubscribed by a value', () => {
    const source = new HandFed();
    const got: number[] = [];
    const subscription = observe(source).subscribe((value) => {
      got.push(value);
      subscription.unsubscribe();
    });
    source.push(1, 2);
    expect(got).toEqual([1]);
    expect(source.closed).toBe(1);
  });

  it('gives each value to one of several subscribers, or with `all` to each', () => {
    for (const all of [false, true]) {
      const source = new HandFed({ all });
      const got: [number[], number[]] = [[], []];
      const subscriptions = got.map((values) => observe(source).subscribe((value) => values.push(value)));
      source.push(1, 2, 3, 4);
      if (all)
        expect(got).toEqual([
          [1, 2, 3, 4],
          [1, 2, 3, 4],
        ]);
      else
        expect(got).toEqual([
          [1, 3],
          [2, 4],
        ]);
      for (const subscription of subscriptions) subscription.unsubscribe();
      expect(source.closed).toBe(1);
    }
  });

  it('never mutes a level source that is read without demand', () => {
    const source = new HandFed({ level: true });
    const got: number[] = [];
    const subscription = observe(source).subscribe((value) => got.push(value));
    source.push(1, 2, 3);
    expect(got).toEqual([1, 2, 3]);
    expect(source.calls).toEqual([]);
    subscription.unsubscribe();
  });

  it('calls each subscriber in its own AsyncLocalStorage context', () => {
    const storage = new AsyncLocalStorage<string>();
    const source = new HandFed({ all: true });
    const seen: (string | undefined)[] = [];
    const see = (): void => {
      seen.push(storage.getStore());
    };
    for (const name of ['a', 'b']) {
      storage.run(name, () => observe(source).subscribe({ next: see, complete: see }));
    }
    storage.run('of the source', () => source.push(1));
    source.sink.end();
    expect(seen).toEqual(['a', 'b', 'a', 'b']);
  });
});

describe("rxjs's from", () => {
  it('takes a derived stream', async () => {
    await using queue = new Queue();
    const derived = intervalStream(1, { queue, missed: 'each' }).map(({ index }) => index);
    expect(await lastValueFrom(from(derived.take(3)).pipe(toArray()))).toEqual([1, 2, 3]);
    const endless = from(derived).subscribe();
    await expect.poll(() => queue.stats().kevents).toBe(1);
    endless.unsubscribe();
    await expect.poll(() => queue.stats().kevents).toBe(0);
    const failing = from(
      derived.map(() => {
        throw new Error('of the map');
      }),
    );
    await expect(lastValueFrom(failing)).rejects.toThrow('of the map');
    await expect.poll(() => queue.stats().kevents).toBe(0);
  });
});

describe('fromStream', () => {
  it('takes any async iterable, and leaves it', async () => {
    let left = false;
    async function* numbers(): AsyncGenerator<number> {
      try {
        for (let i = 0; ; i += 1) yield i;
      } finally {
        left = true;
      }
    }
    expect(await lastValueFrom(fromStream(numbers()).pipe(take(3), toArray()))).toEqual([0, 1, 2]);
    await expect.poll(() => left).toBe(true);
    const broken = {
      [Symbol.asyncIterator](): never {
        throw new Error('no loop');
      },
    };
    await expect(lastValueFrom(fromStream(broken))).rejects.toThrow('no loop');
  });

  it('refuses what cannot be iterated', () => {
    for (const wrong of [undefined, null, 1, [1], {}]) {
      expect(() => fromStream(wrong as never)).toThrow(
        expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
      );
    }
  });
});

describe('a source', () => {
  it('is cold: nothing is registered before somebody subscribes, and each subscriber has its own', async () => {
    await using queue = new Queue();
    const ticks = interval(1, { queue, missed: 'each' });
    const kevents = (): number => queue.stats().kevents;
    expect(kevents()).toBe(0);
    const subscriptions = [ticks.subscribe(), ticks.subscribe(), ticks.subscribe()];
    expect(kevents()).toBe(3);
    subscriptions.pop()?.unsubscribe();
    expect(kevents()).toBe(2);
    for (const subscription of subscriptions) subscription.unsubscribe();
    expect(kevents()).toBe(0);
    const indices = ticks.pipe(
      map(({ index }) => index),
      take(2),
      toArray(),
    );
    expect(await lastValueFrom(indices)).toEqual([1, 2]);
    expect(await lastValueFrom(indices)).toEqual([1, 2]);
  });

  it('has one kevent for many subscribers behind share', async () => {
    await using queue = new Queue();
    const ticks = interval(1, { queue }).pipe(share());
    const both = [ticks, ticks].map((values) => firstValueFrom(values));
    expect(queue.stats().kevents).toBe(1);
    const [one, other] = await Promise.all(both);
    expect(one).toBe(other);
    expect(queue.stats().kevents).toBe(0);
  });

  it('checks its arguments at once, and reports a kevent that fails to the subscriber', async () => {
    expect(() => interval(0)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    expect(() => signals('SIGWHAT')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
    expect(() => lines('0' as never)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    await expect(lastValueFrom(poll(987_654, 'in'))).rejects.toMatchObject({ code: 'EBADF' });
  });

  it('fails by its AbortSignal, without a kevent left', async () => {
    await using queue = new Queue();
    const controller = new AbortController();
    const failed = lastValueFrom(interval(1000, { queue, signal: controller.signal }));
    expect(queue.stats().kevents).toBe(1);
    controller.abort('enough');
    await expect(failed).rejects.toMatchObject({ name: 'AbortError', cause: 'enough' });
    expect(queue.stats().kevents).toBe(0);
  });

  it('completes when its queue is closed', async () => {
    const queue = new Queue();
    const values = lastValueFrom(interval(1000, { queue }), { defaultValue: 'nothing' });
    queue.close();
    expect(await values).toBe('nothing');
  });
});
