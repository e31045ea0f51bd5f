import { existsSync, readdirSync } from 'node:fs';
import { setImmediate as immediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { Queue, request } from '../../lib/index.js';

const closed = expect.objectContaining({ code: 'ERR_INVALID_STATE' });
const over = { value: undefined, done: true };

function fds(): number {
  return readdirSync('/proc/self/fd').length;
}

describe('close', () => {
  it('can be called twice, and ends every method that needs the queue', () => {
    const queue = new Queue();
    const registration = queue.add(request.user());
    queue.close();
    queue.close();
    expect(queue.closed).toBe(true);
    expect(() => queue.add(request.user())).toThrow(closed);
    expect(() => queue.addAll([])).toThrow(closed);
    expect(() => queue.watch('/', 1)).toThrow(closed);
    expect(() => queue.events()).toThrow(closed);
    expect(() => queue[Symbol.asyncIterator]()).toThrow(closed);
    expect(() => queue.stats()).toThrow(closed);
    expect(() => queue.handle()).toThrow(closed);
    expect(registration.active).toBe(false);
    expect(registration.remove()).toBe(false);
    expect(() => registration.ready()).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    queue.ref().unref();
    registration.ref().unref();
  });

  it('ends loops that wait, and loops that hold something', async () => {
    const queue = new Queue();
    queue.add(request.user(1)).ready();
    queue.add(request.user(2)).ready();
    const holder = queue[Symbol.asyncIterator]();
    const { value: batch } = await holder.next();
    const waiting = [queue.events().next(), queue[Symbol.asyncIterator]().next()];
    queue.close();
    expect(await Promise.all(waiting)).toEqual([over, over]);
    expect([...(batch ?? [])]).toEqual([]);
    batch?.commit();
    expect(await holder.next()).toEqual(over);
    expect(await holder.return?.()).toEqual(over);
  });

  it('in a handler is the end: no other event of that turn is handed over', async () => {
    const queue = new Queue();
    let calls = 0;
    const close = (): void => {
      calls += 1;
      queue.close();
    };
    const users = queue.addAll([request.user(1), request.user(2), request.user(3)], close);
    for (const user of users) user.ready();
    while (!queue.closed) await immediate();
    await immediate();
    expect(calls).toBe(1);
  });

  it('in the body of a loop is its end', async () => {
    const queue = new Queue();
    for (const user of queue.addAll([request.user(1), request.user(2)])) user.ready();
    let seen = 0;
    for await (const _ of queue.events()) {
      seen += 1;
      queue.close();
    }
    expect(seen).toBe(1);
  });

  it('is what `using` and `await using` do', async () => {
    const one = new Queue();
    one[Symbol.dispose]();
    expect(one.closed).toBe(true);
    const other = new Queue();
    await other[Symbol.asyncDispose]();
    expect(other.closed).toBe(true);
  });

  it('gives back all descriptors', async () => {
    const cycle = async (): Promise<void> => {
      const queue = new Queue();
      queue.add(request.timer({ every: 1_000_000 }));
      queue.add(request.signal('SIGUSR2'), () => undefined);
      queue.watch('/', 1);
      for await (const _ of queue) break;
      queue.close();
      await immediate();
    };
    await cycle();
    const before = fds();
    for (let i = 0; i < 20; i += 1) await cycle();
    expect(fds()).toBe(before);
  });
});

describe('a queue that is not closed', () => {
  it('is closed when it is garbage', async () => {
    const fd = (() => {
      const queue = new Queue();
      queue.add(request.user()).ready();
      queue.watch('/', 1);
      return queue.fd;
    })();
    const link = `/proc/self/fd/${fd}`;
    expect(existsSync(`/proc/self/fdinfo/${fd}`), link).toBe(true);
    for (let i = 0; i < 100 && existsSync(`/proc/self/fdinfo/${fd}`); i += 1) {
      globalThis.gc?.();
      await immediate();
    }
    expect(existsSync(`/proc/self/fdinfo/${fd}`)).toBe(false);
  });

  it('is not garbage as long as it has a handler', async () => {
    let calls = 0;
    const fd = (() => {
      const queue = new Queue();
      const timer = queue.add(request.timer({ every: 1_000_000 }), () => {
        calls += 1;
        if (calls === 20) timer.remove();
        else if (calls % 5 === 0) globalThis.gc?.();
      });
      return queue.fd;
    })();
    while (calls < 20) await immediate();
    // Its last handler is gone, so now it is.
    for (let i = 0; i < 100 && existsSync(`/proc/self/fdinfo/${fd}`); i += 1) {
      globalThis.gc?.();
      await immediate();
    }
    expect(existsSync(`/proc/self/fdinfo/${fd}`)).toBe(false);
  });
});
