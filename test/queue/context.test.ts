import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Queue, request } from '../../lib/index.js';

let queue: Queue;
beforeEach(() => {
  queue = new Queue();
});
afterEach(() => queue.close());

describe('AsyncLocalStorage', () => {
  it('has in a handler what it had when the handler was given', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: (string | undefined)[] = [];
    const add = (id: number) =>
      new Promise<void>((resolve) => {
        queue
          .add(request.user(id, { once: true }), async () => {
            seen.push(storage.getStore());
            await Promise.resolve();
            seen.push(storage.getStore());
            resolve();
          })
          .ready();
      });
    const one = storage.run('one', () => add(1));
    const two = storage.run('two', () => add(2));
    const none = add(3);
    await Promise.all([one, two, none]);
    expect(seen).toEqual(['one', 'two', undefined, 'one', 'two', undefined]);
  });

  it('has in a bound handler what it had when the handler was bound, whoever adds the kevent', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const handler = storage.run('binder', () =>
      queue.handler<number>((event) => seen.push([event.data, storage.getStore()])),
    );
    for (const data of [1, 2]) queue.add(request.user(data, { data }), handler).ready();
    await expect
      .poll(() => seen)
      .toEqual([
        [1, 'binder'],
        [2, 'binder'],
      ]);
  });

  it('is left to a handler that was bound without it', async () => {
    const storage = new AsyncLocalStorage<string>();
    const seen: unknown[] = [];
    const inside = storage.run('its own', () => AsyncLocalStorage.snapshot());
    const handler = storage.run('binder', () =>
      queue.handler(
        () =>
          seen.push(
            storage.getStore(),
            inside(() => storage.getStore()),
          ),
        { context: false },
      ),
    );
    queue.add(request.user(), handler).ready();
    await expect.poll(() => seen).toEqual([undefined, 'its own']);
    expect(() => queue.handler(() => {}, { context: 1 as never })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });

  it('is not taken from a handler that another queue has bound', () => {
    using other = new Queue();
    const handler = other.handler(() => {});
    expect(() => queue.add(request.user(), handler)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });

  it('has in a loop what the loop has', async () => {
    const storage = new AsyncLocalStorage<string>();
    const user = storage.run('adder', () => queue.add(request.user()));
    const loop = storage.run('loop', async () => {
      for await (const _ of queue.events()) return storage.getStore();
      return undefined;
    });
    storage.run('waker', () => user.ready());
    expect(await loop).toBe('loop');
  });
});
