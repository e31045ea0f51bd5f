import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import {
  buffer,
  debounceTime,
  firstValueFrom,
  type Observable,
  of,
  retry,
  timer as rxjsTimer,
  share,
  switchMap,
  tap,
} from 'rxjs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';

import { listen } from '../../docs/examples/listening_socket.js';
import { Queue } from '../../lib/index.js';
import {
  accepts,
  bytes,
  channel,
  drain,
  interval,
  lines,
  poll,
  processExit,
  readable,
  signals,
  timer,
  watch,
  writable,
} from '../../lib/rxjs.js';
import { Fifo } from '../raw/fifo.js';

let queue: Queue;
let fifo: Fifo;
let child: ChildProcess;
let listening: Awaited<ReturnType<typeof listen>>;
const directory = mkdtempSync(path.join(tmpdir(), 'kevent-rxjs-'));
const sockets: Socket[] = [];

// Some of the signals come when nobody is subscribed.
process.on('SIGUSR2', () => undefined);
beforeAll(async () => {
  listening = await listen(0);
});
afterAll(async () => {
  await listening.close();
  rmSync(directory, { recursive: true });
});
beforeEach(() => {
  queue = new Queue();
  fifo = new Fifo();
});
afterEach(() => {
  queue.close();
  fifo.close();
  child?.kill('SIGKILL');
  for (const socket of sockets.splice(0)) socket.destroy();
});

interface Kind {
  /** The source, and what makes it have a value, which is done again and again. */
  make(): { values: Observable<unknown>; happen?: () => void };
}

const KINDS: [string, Kind['make']][] = [
  ['interval', () => ({ values: interval(3, { queue }) })],
  ['interval of the wall clock', () => ({ values: interval(3, { queue, clock: 'realtime' }) })],
  ['timer', () => ({ values: timer(3, { queue }) })],
  [
    'signals',
    () => ({
      values: signals('SIGUSR2', { queue }),
      happen: () => process.kill(process.pid, 'SIGUSR2'),
    }),
  ],
  [
    'readable',
    () => ({
      values: readable(fifo.fd, { queue }).pipe(tap(() => fifo.drain())),
      happen: () => fifo.write('a'),
    }),
  ],
  ['poll', () => ({ values: poll(fifo.fd, 'in', { queue, edge: true }), happen: () => fifo.write('a') })],
  // As long as it is writable it says so: the edge of that comes once for each subscriber.
  ['writable', () => ({ values: writable(fifo.fd, { queue, edge: true }) })],
  ['bytes', () => ({ values: bytes(fifo.fd, { queue }), happen: () => fifo.write('some') })],
  ['lines', () => ({ values: lines(fifo.fd, { queue }), happen: () => fifo.write('a line\n') })],
  [
    'channel',
    () => {
      const numbers = channel<number>({ queue });
      return { values: numbers, happen: () => void numbers.channel.send(1) };
    },
  ],
  [
    'processExit',
    () => {
      child = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
      return { values: processExit(child, { queue }), happen: () => child.stdin?.end() };
    },
  ],
  [
    'watch',
    () => ({
      values: watch(directory, { queue, recursive: true }),
      happen: () => writeFileSync(path.join(directory, 'file'), 'text'),
    }),
  ],
  [
    'accepts',
    () => ({
      values: accepts(listening.fd, { queue }).pipe(tap(({ fd }) => closeSync(fd))),
      happen: () => sockets.push(connect(listening.port, '127.0.0.1').on('error', () => undefined)),
    }),
  ],
];

const PIPES: [string, (values: Observable<unknown>) => Observable<unknown>][] = [
  ['debounceTime', (values) => values.pipe(debounceTime(1))],
  ['buffer', (values) => values.pipe(buffer(rxjsTimer(15)))],
  ['switchMap', (values) => values.pipe(switchMap((value) => of(value)))],
  [
    'retry',
    (values) => {
      let failed = false;
      const failing = tap(() => {
        if (failed) return;
        failed = true;
        throw new Error('the first one');
      });
      return values.pipe(failing, retry({ count: 1 }));
    },
  ],
  ['share', (values) => values.pipe(share())],
  ['drain', (values) => values.pipe(drain(async (value) => value))],
];

/** All that can be seen from outside: kevents in the queue, fds of the process. */
function held(): [number, number] {
  return [queue.stats().kevents, readdirSync('/proc/self/fd').length];
}

describe.each(KINDS)('%s', (_, make) => {
  it.each(PIPES)('works through %s, and leaves nothing behind', async (_name, through) => {
    const { values, happen } = make();
    const piped = through(values);
    const again = setInterval(() => happen?.(), 5);
    try {
      expect(await firstValueFrom(piped)).toBeDefined();
    } finally {
      clearInterval(again);
    }
    expect(queue.stats().kevents).toBe(0);
  });

  it('leaves no kevent and no fd behind when it is unsubscribed', () => {
    const { values } = make();
    const round = (): void => {
      const subscriptions = [values.subscribe(), values.subscribe()];
      expect(queue.stats().kevents).toBeGreaterThan(0);
      for (const subscription of subscriptions) subscription.unsubscribe();
    };
    // What the queue opens when it is first used, it keeps.
    round();
    const before = held();
    for (let i = 0; i < 20; i += 1) round();
    expect(held()).toEqual(before);
    expect(before[0]).toBe(0);
  });
});
