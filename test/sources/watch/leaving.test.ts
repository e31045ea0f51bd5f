import { readdirSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { defaultQueue, type EventStream, Queue, type WatchEvent, watch } from '../../../lib/index.js';
import { Folder } from './folder.js';
import { inotifyWatches } from './inotify_watches.js';

const openFds = (): number => readdirSync('/proc/self/fd').length;

/** Reads one event, and leaves. */
async function readOne(stream: EventStream<WatchEvent>): Promise<void> {
  for await (const event of stream) if (event.type === 'create') break;
}

const WAYS: readonly [
  string,
  (stream: EventStream<WatchEvent>, abort: AbortController) => Promise<unknown>,
][] = [
  ['break', readOne],
  [
    'throw',
    async (stream) => {
      const failing = stream.forEach(() => {
        throw new Error('enough');
      });
      await expect(failing).rejects.toThrow('enough');
    },
  ],
  ['take', (stream) => stream.take(1).toArray()],
  [
    'abort while it waits',
    async (stream, abort) => {
      const reading = stream.forEach(() => {
        abort.abort();
      });
      await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
    },
  ],
  [
    'close with events pending',
    async (stream) => {
      for await (const _ of stream) stream.close();
    },
  ],
  [
    'unsubscribe in the turn of an event',
    (stream) =>
      new Promise<void>((resolve) => {
        const subscription = stream.subscribe({
          next() {
            subscription.unsubscribe();
            resolve();
          },
        });
      }),
  ],
];

describe('leaving a watch', () => {
  let folder: Folder;

  beforeAll(async () => {
    folder = new Folder();
    for (let index = 0; index < 50; index += 1) folder.make(`sub-${index}/deeper`);
    // The inotify instance is the queue's, and stays with it.
    const first = readOne(watch(folder.root));
    folder.make('first');
    await first;
  });
  afterAll(() => folder[Symbol.dispose]());

  it.each(WAYS)('by %s removes its watches and its kevent, and leaves no fd open', async (way, leave) => {
    const before = [openFds(), defaultQueue().stats().kevents, inotifyWatches()];
    const abort = new AbortController();
    const stream = watch(folder.root, { recursive: true, signal: abort.signal });
    const left = leave(stream, abort);
    await expect.poll(inotifyWatches).toBeGreaterThan(100);
    for (let index = 0; index < 10; index += 1) folder.make(`${way}/${index}`);
    await left;
    expect([openFds(), defaultQueue().stats().kevents, inotifyWatches()]).toEqual(before);
  });

  it('before it is read costs nothing', async () => {
    const before = inotifyWatches();
    watch(folder.root, { recursive: true });
    const aborted = watch(folder.root, { signal: AbortSignal.abort() });
    await expect(aborted.once()).rejects.toMatchObject({ name: 'AbortError' });
    expect(inotifyWatches()).toBe(before);
  });

  it('happens when its queue is closed, with all fds', async () => {
    const before = openFds();
    const queue = new Queue();
    const all = watch(folder.root, { queue, recursive: true }).toArray();
    folder.make('pending');
    expect(openFds()).toBeGreaterThan(before);
    queue.close();
    expect(await all).toEqual([]);
    expect(openFds()).toBe(before);
  });

  it('and reading again begins anew', async () => {
    const stream = watch(folder.root);
    for (const name of ['again-1', 'again-2']) {
      const next = stream.once();
      folder.make(name);
      expect(await next).toMatchObject({ type: 'create', path: folder.at(name) });
    }
  });
});

describe('a slow reader', { timeout: 120_000 }, () => {
  it('holds memory flat, loses nothing without saying so, and does not delay another watch', async () => {
    using folder = new Folder();
    await using queue = new Queue();
    const slow = watch(folder.root, { queue, window: 1 })[Symbol.asyncIterator]();
    const names = new Set<string>();
    let next = slow.next();
    const quick = watch(folder.root, { queue })[Symbol.asyncIterator]();
    let heard = quick.next();
    let rss = 0;
    for (let round = 0; round < 45; round += 1) {
      for (let file = 0; file < 500; file += 1) folder.make(`${'name'.repeat(40)}-${round}-${file}`);
      for (let file = 0; file < 500; file += 1) {
        expect((await heard).value).toMatchObject({ type: 'create' });
        heard = quick.next();
      }
      globalThis.gc?.();
      if (round === 10) rss = process.memoryUsage().arrayBuffers + queue.stats().memory;
    }
    expect(process.memoryUsage().arrayBuffers + queue.stats().memory - rss).toBeLessThan(4 << 20);
    let rescans = 0;
    while (names.size < 45 * 500) {
      const { value: event } = await next;
      if (event?.type === 'rescan') rescans += 1;
      if (event?.type === 'create') {
        expect(names.has(event.path)).toBe(false);
        names.add(event.path);
      }
      next = slow.next();
    }
    expect(rescans).toBeGreaterThan(0);
    await slow.return?.();
    await quick.return?.();
  }, 120_000);
});
