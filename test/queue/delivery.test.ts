import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  KEVENT_INODE_CREATE,
  KEVENT_INODE_IGNORED,
  KEVENT_SIGNAL,
  KEVENT_SOCKET_RECV,
  Queue,
  type QueueEvent,
  type Registration,
  request,
} from '../../lib/index.js';
import { Fifo } from '../raw/fifo.js';
import { until } from './until.js';

const MS = 1_000_000;
let queue: Queue;
beforeEach(() => {
  queue = new Queue({ ringSize: 16 });
});
afterEach(() => queue.close());

async function turns(count = 10): Promise<void> {
  for (let i = 0; i < count; i += 1) await immediate();
}

describe('a kevent with a handler', () => {
  it('is reported as long as its condition holds, once per commit', async () => {
    const fifo = new Fifo();
    let calls = 0;
    queue.add(request.pipe(fifo.fd, 'recv'), (event) => {
      expect(event.data0 & KEVENT_SOCKET_RECV).toBe(KEVENT_SOCKET_RECV);
      calls += 1;
      if (calls === 5) fifo.drain();
    });
    fifo.write('x');
    await until(() => calls === 5);
    await turns();
    expect(calls).toBe(5);
    fifo.close();
  });

  it('is reported once for each new readiness if it is edge triggered', async () => {
    const fifo = new Fifo();
    let calls = 0;
    queue.add(request.pipe(fifo.fd, 'recv', { edge: true }), () => {
      calls += 1;
    });
    fifo.write('x');
    await until(() => calls === 1);
    await turns();
    expect(calls).toBe(1);
    fifo.write('y');
    await until(() => calls === 2);
    fifo.close();
  });

  it('is gone when its only event is handed over, if it is one-shot', async () => {
    const seen: [boolean, unknown][] = [];
    const registration = queue.add(request.timer({ after: MS, data: 'mine' }), (event) => {
      seen.push([registration.active, event.data]);
      expect(event.registration).toBe(registration);
      // Its place is free for another already.
      expect(queue.add(request.user()).slot).toBe(registration.slot);
    });
    await until(() => seen.length > 0);
    expect(seen).toEqual([[false, 'mine']]);
    expect(registration.remove()).toBe(false);
  });

  it('is a timer of a time, once or from then on, and no other argument than nanoseconds says it', async () => {
    const at = process.hrtime.bigint() + 2_000_000n;
    const seen: [number, boolean][] = [];
    const late = (periods: number) => process.hrtime.bigint() >= at + BigInt(periods) * 1_000_000n;
    queue.add(request.timer({ at, exact: true }), ({ data0 }) => seen.push([data0, late(0)]));
    let periods = 0;
    const every = queue.add(request.timer({ every: 1e6, at, exact: true }), ({ data0 }) => {
      periods += data0;
      expect(late(periods - 1)).toBe(true);
    });
    await until(() => seen.length > 0 && periods >= 5);
    every.remove();
    expect(seen).toEqual([[1, true]]);
    const refused = (code: string) => expect.objectContaining({ code });
    for (const value of [1, null, '1']) {
      expect(() => request.timer({ at: value as never })).toThrow(refused('ERR_INVALID_ARG_TYPE'));
    }
    expect(() => request.timer({ at: -1n })).toThrow(refused('ERR_OUT_OF_RANGE'));
    expect(() => request.timer({ after: 1, at: 1n } as never)).toThrow(refused('ERR_INVALID_ARG_VALUE'));
  });

  it('gets no event any more once it is removed, not even one that is in the ring', async () => {
    const calls: string[] = [];
    const second = { registration: undefined as Registration | undefined };
    const first = queue.add(request.user(1), () => {
      calls.push('first');
      second.registration?.remove();
    });
    second.registration = queue.add(request.user(2), () => calls.push('second'));
    first.ready();
    second.registration.ready();
    await until(() => calls.length > 0);
    await turns();
    expect(calls).toEqual(['first']);
    expect(queue.stats().head).toBe(2);
    expect(queue.stats().tail).toBe(2);
  });

  it('hears how often it was made ready', async () => {
    let count = 0;
    const registration = queue.add(request.user(), (event) => {
      count += event.data0;
    });
    for (let i = 0; i < 1000; i += 1) registration.ready();
    await until(() => count === 1000);
  });

  it('can be changed to another mask and other flags', async () => {
    const fifo = new Fifo();
    const seen: QueueEvent['event'][] = [];
    const registration = queue.add(request.pipe(fifo.fd, 'recv'), (event) => {
      seen.push(event.event);
      registration.remove();
    });
    registration.modify({ event: 4 });
    await until(() => seen.length > 0);
    expect(seen).toEqual([4]);
    expect(() => registration.modify({ event: 1 })).toThrow(expect.objectContaining({ code: 'ENOENT' }));
    fifo.close();
  });
});

describe('events', () => {
  it('come in the order in which they became ready, to handlers and loops', async () => {
    const order: number[] = [];
    const users = Array.from({ length: 40 }, (_, index) =>
      queue.add(request.user(index), (event) => order.push(event.id0)),
    );
    for (const user of users) user.ready();
    await until(() => order.length === 40);
    expect(order).toEqual(users.map((_, index) => index));
  });

  it('of a handler are delivered although a loop holds its batch', async () => {
    const held = queue.add(request.user(1));
    let handled = 0;
    const other = queue.add(request.user(2), () => {
      handled += 1;
    });
    held.ready();
    for await (const batch of queue) {
      expect([...batch].length).toBe(1);
      for (let i = 1; i <= 5; i += 1) {
        other.ready();
        await until(() => handled === i);
      }
      break;
    }
  });

  it('carry what was sent with a signal', async () => {
    const events: unknown[] = [];
    queue.add(request.signal('SIGRTMIN+3', { exclusive: true }), (event) => {
      events.push(...event.payload().map(({ signo, pid }) => ({ signo, pid })));
      expect(event.type).toBe(KEVENT_SIGNAL);
    });
    process.kill(process.pid, 37);
    process.kill(process.pid, 37);
    await until(() => events.length === 2);
    expect(events).toEqual([
      { signo: 37, pid: process.pid },
      { signo: 37, pid: process.pid },
    ]);
  });

  it('carry the names of files, and are kept by a loop for as long as it likes', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'kevent-watch-'));
    const watch = queue.watch(directory, KEVENT_INODE_CREATE);
    writeFileSync(path.join(directory, 'a'), '');
    const kept: QueueEvent[] = [];
    for await (const event of queue.events()) {
      expect(event.registration).toBe(watch);
      kept.push(event);
      if (kept.length === 1) rmSync(directory, { recursive: true });
      else break;
    }
    const [made, gone] = kept;
    expect(made?.payload()).toEqual([
      { mask: KEVENT_INODE_CREATE, cookie: 0, wd: expect.any(Number), name: Buffer.from('a') },
    ]);
    // The inode is gone, and its watch with it.
    expect((gone?.data0 ?? 0) & KEVENT_INODE_IGNORED).toBe(KEVENT_INODE_IGNORED);
    expect(watch.active).toBe(false);
  });
});

describe('adding', () => {
  it('says what is wrong with a request, and what would be right', () => {
    const code = (expected: string) => expect.objectContaining({ code: expected });
    expect(() => queue.add(request.poll(9999, 'in'))).toThrow(code('EBADF'));
    expect(() => queue.add(request.socket(0x7fffffff, 'recv'))).toThrow(code('EBADF'));
    expect(() => queue.add({ type: 5, id: 0, event: 1 })).toThrow(code('ENOSYS'));
    expect(() => queue.add({ type: 2, id: [0, 1e9], event: 1 })).toThrow(code('EINVAL'));
    expect(() => queue.add({ type: 2, id: 2 ** 40, event: 1 })).toThrow(code('ERR_OUT_OF_RANGE'));
    expect(() => queue.add({ type: 2, id: [0], event: 1 } as never)).toThrow(code('ERR_INVALID_ARG_TYPE'));
    expect(() => queue.add(undefined as never)).toThrow(code('ERR_INVALID_ARG_TYPE'));
    expect(() => queue.add(request.user(), 7 as never)).toThrow(code('ERR_INVALID_ARG_TYPE'));
    expect(() => queue.watch('/nowhere/at/all', KEVENT_INODE_CREATE)).toThrow(code('ENOENT'));
    expect(queue.stats().kevents).toBe(0);
  });

  it('of many adds those that can be, and names those that cannot', () => {
    const requests = [request.user(1), request.poll(9999, 'in'), request.user(2), request.poll(9998, 'in')];
    let error: unknown;
    try {
      queue.addAll(requests);
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      code: 'EBADF',
      errors: [
        { index: 1, code: 'EBADF' },
        { index: 3, code: 'EBADF' },
      ],
      registrations: [{ active: true }, undefined, { active: true }, undefined],
    });
    expect(queue.stats().kevents).toBe(2);
  });

  it('and removing go by the ten thousand', async () => {
    const registrations = queue.addAll(Array.from({ length: 10_000 }, (_, index) => request.user(index)));
    expect(queue.stats().kevents).toBe(10_000);
    expect(queue.removeAll([...registrations, ...registrations])).toBe(10_000);
    expect(queue.stats().kevents).toBe(0);
    expect(() => queue.removeAll([{} as Registration])).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });

  it('uses a slot again for another generation', async () => {
    let last: Registration<unknown> = queue.add(request.user());
    const { slot } = last;
    const seen: unknown[] = [];
    for (let i = 0; i < 100; i += 1) {
      // Its event is in the engine's hands when it goes.
      last.ready();
      last.remove();
      expect(last.active).toBe(false);
      last = queue.add(request.user(0, { data: i }), (event) => seen.push(event.data));
      expect(last.slot).toBe(slot);
      if (i % 10 === 0) await immediate();
    }
    last.ready();
    await until(() => seen.length > 0);
    expect(seen).toEqual([99]);
  });
});

describe('statistics', () => {
  it('count kevents and events as they were', async () => {
    const users = queue.addAll([request.user(1), request.user(2), request.user(3)]);
    for (const user of users) user.ready();
    let seen = 0;
    for await (const batch of queue) {
      for (const event of batch) seen += event.data0;
      if (seen === 3) break;
    }
    const stats = queue.stats();
    expect(stats).toMatchObject({
      total: 3,
      immediate: 0,
      delivered: 3,
      ring: 3,
      kevents: 3,
      head: 3,
      tail: 3,
    });
    expect(stats.memory).toBeGreaterThan(0);
  });
});
