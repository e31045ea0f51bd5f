import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setImmediate as immediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  type EventStream,
  interval,
  Queue,
  readable,
  type StreamOptions,
  signals,
  watch,
} from '../../lib/index.js';
import { runProgram } from '../queue/run_program.js';
import { Fifo } from '../raw/fifo.js';
import { HandFed, start, take } from './hand_fed.js';

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

const directory = mkdtempSync(path.join(tmpdir(), 'kevent-streams-'));
mkdirSync(path.join(directory, 'below'));
afterAll(() => rmSync(directory, { recursive: true }));

// Some of the signals come when their stream has been left.
process.on('SIGUSR2', () => undefined);

const unhandled: unknown[] = [];
process.on('unhandledRejection', (reason) => unhandled.push(reason));
afterEach(async () => {
  await immediate();
  expect(unhandled).toEqual([]);
});

function kevents(): number {
  return queue.stats().kevents;
}

type Make = (options?: StreamOptions) => EventStream<unknown>;
const KINDS: [string, Make][] = [
  ['interval', (options) => interval(1, { queue, ...options })],
  ['interval of the wall clock', (options) => interval(1, { queue, clock: 'realtime', ...options })],
  [
    'readable',
    (options) => {
      fifo.write('a');
      return readable(fifo.fd, { queue, ...options });
    },
  ],
  [
    'signals',
    (options) => {
      setTimeout(() => process.kill(process.pid, 'SIGUSR2'), 5);
      return signals('SIGUSR2', { queue, ...options });
    },
  ],
  [
    'watch',
    (options) => {
      setTimeout(() => writeFileSync(path.join(directory, 'below', 'file'), ''), 5);
      return watch(directory, { queue, recursive: true, ...options });
    },
  ],
];

describe.each(KINDS)('a loop over %s takes its kevent along', (_, make) => {
  it('by break', async () => {
    for await (const _value of make()) {
      expect(kevents()).toBe(1);
      break;
    }
    expect(kevents()).toBe(0);
  });

  it('by return', async () => {
    async function first(): Promise<unknown> {
      for await (const value of make()) return value;
      return undefined;
    }
    expect(await first()).toBeDefined();
    expect(kevents()).toBe(0);
  });

  it('by throw', async () => {
    const failed = make().forEach(() => {
      throw new Error('enough');
    });
    await expect(failed).rejects.toThrow('enough');
    expect(kevents()).toBe(0);
  });

  it('by an AbortSignal before, during and after next()', async () => {
    const stream = (signal: AbortSignal): AsyncIterator<unknown> => make({ signal })[Symbol.asyncIterator]();
    const aborted = stream(AbortSignal.abort('early'));
    await expect(aborted.next()).rejects.toMatchObject({ name: 'AbortError', cause: 'early' });
    expect((await aborted.next()).done).toBe(true);
    expect(kevents()).toBe(0);

    const during = new AbortController();
    const waiting = stream(during.signal);
    const next = waiting.next();
    expect(kevents()).toBe(1);
    during.abort('now');
    expect(kevents()).toBe(0);
    await expect(next).rejects.toMatchObject({ name: 'AbortError', code: 'ABORT_ERR', cause: 'now' });
    expect((await waiting.next()).done).toBe(true);

    const after = new AbortController();
    const idle = stream(after.signal);
    await idle.next();
    after.abort('late');
    expect(kevents()).toBe(0);
    await expect(idle.next()).rejects.toMatchObject({ name: 'AbortError', cause: 'late' });
    expect((await idle.next()).done).toBe(true);
  });

  it('by disposing of the stream or of the loop', async () => {
    {
      await using stream = make();
      const loop = stream[Symbol.asyncIterator]();
      await loop.next();
      expect(kevents()).toBe(1);
    }
    expect(kevents()).toBe(0);
    {
      const stream = make();
      await using loop = stream[Symbol.asyncIterator]() as AsyncIterator<unknown> & AsyncDisposable;
      await loop.next();
    }
    expect(kevents()).toBe(0);
  });

  it('when it is forgotten', async () => {
    await (async () => {
      await make()[Symbol.asyncIterator]().next();
      expect(kevents()).toBe(1);
    })();
    await expect
      .poll(
        () => {
          globalThis.gc?.();
          return kevents();
        },
        { timeout: 10_000 },
      )
      .toBe(0);
  });

  it('when the queue is closed: it ends', async () => {
    const loop = make()[Symbol.asyncIterator]();
    await loop.next();
    queue.close();
    let result = await loop.next();
    while (result.done !== true) result = await loop.next();
    expect(result.done).toBe(true);
  });
});

describe('an unread stream', () => {
  it('has no kevent, and needs no closing', () => {
    for (const [, make] of KINDS) make();
    expect(kevents()).toBe(0);
  });
});

describe('a stream that ends', () => {
  it('gives what it holds before the end', async () => {
    const source = new HandFed();
    const [loop, first] = start(source.stream);
    source.push(1, 2);
    source.sink.end();
    expect(source.closed).toBe(1);
    expect((await first).value).toBe(1);
    expect(await take(loop, 2)).toEqual([2]);
    expect(await loop.next()).toEqual({ value: undefined, done: true });
  });

  it('throws its error once, after what it holds', async () => {
    const source = new HandFed();
    const [loop, first] = start(source.stream);
    source.push(1, 2);
    source.sink.fail(new Error('broken'));
    expect((await first).value).toBe(1);
    expect(await take(loop, 1)).toEqual([2]);
    await expect(loop.next()).rejects.toThrow('broken');
    expect((await loop.next()).done).toBe(true);
  });

  it('throws even if its error is undefined', async () => {
    const source = new HandFed();
    const [, first] = start(source.stream);
    source.sink.fail(undefined);
    await expect(first).rejects.toBeUndefined();
  });

  it('is heard of no more by what comes late from its source', async () => {
    const source = new HandFed();
    const [, first] = start(source.stream);
    const { sink } = source;
    sink.end();
    expect((await first).done).toBe(true);
    const [, second] = start(source.stream);
    expect(sink.push(1)).toBe(false);
    sink.fail(new Error('late'));
    source.push(2);
    expect((await second).value).toBe(2);
    expect(source.opened).toBe(2);
  });

  it('rejects with what opening it throws, and can be tried again', async () => {
    const source = new HandFed();
    source.failure = new Error('no more fds');
    await expect(source.stream.once()).rejects.toThrow('no more fds');
    source.failure = undefined;
    const next = source.stream.once();
    source.push(1);
    expect(await next).toBe(1);
  });

  it('answers all calls of next() that wait when it is left', async () => {
    const source = new HandFed();
    const loop = source.stream[Symbol.asyncIterator]();
    const waiting = [loop.next(), loop.next()];
    await loop.return();
    expect((await Promise.all(waiting)).every(({ done }) => done)).toBe(true);
    expect((await loop.next()).done).toBe(true);
    expect(source.opened).toBe(1);
  });
});

describe('subscribe', () => {
  it('calls with each value at once, and no more after unsubscribe', () => {
    const source = new HandFed();
    const seen: number[] = [];
    const subscription = source.stream.subscribe({ next: (value) => seen.push(value) });
    source.push(1, 2);
    expect(seen).toEqual([1, 2]);
    subscription.unsubscribe();
    subscription.unsubscribe();
    expect(source.closed).toBe(1);
    expect(source.push(3)).toBe(0);
    expect(seen).toEqual([1, 2]);
  });

  it('can be ended from within', () => {
    const source = new HandFed();
    const seen: number[] = [];
    const subscription = source.stream.subscribe({
      next: (value) => {
        seen.push(value);
        subscription.unsubscribe();
      },
    });
    source.push(1, 2);
    expect(seen).toEqual([1]);
    expect(source.closed).toBe(1);
  });

  it('says how it ended', () => {
    const ends: unknown[] = [];
    const source = new HandFed();
    const observer = { error: (error: unknown) => ends.push(error), complete: () => ends.push('complete') };
    source.stream.subscribe(observer);
    source.sink.end();
    source.stream.subscribe(observer);
    source.sink.fail('failed');
    source.failure = new Error('no more fds');
    source.stream.subscribe(observer);
    expect(ends).toEqual(['complete', 'failed', source.failure]);
  });
});

describe('the process', () => {
  it.each([
    ['keeps running for a loop', '', 'tick\n'],
    ['does not keep running for a stream that is unref-ed', '.unref()', ''],
  ])('%s', async (_, unref, stdout) => {
    const program = `
      import { interval } from 'kevent';
      const stream = interval(50)${unref};
      stream.once().then(() => console.log('tick'));
    `;
    expect(await runProgram(program)).toMatchObject({ code: 0, stdout, stderr: '' });
  });

  it('closes what streams of a worker held when that is terminated', async () => {
    const fds = (): number => readdirSync('/proc/self/fd').length;
    const run = async (): Promise<void> => {
      const worker = new Worker(new URL('programs/endless.js', import.meta.url));
      await new Promise((resolve) => worker.once('message', resolve));
      await worker.terminate();
    };
    await run();
    const before = fds();
    await run();
    await run();
    await expect.poll(fds).toBeLessThanOrEqual(before);
  });
});
