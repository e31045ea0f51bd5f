import { readFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { defaultQueue } from '../../../lib/index.js';
import { Changing } from './changing.js';
import { Follower } from './follower.js';
import { SEEDS } from './seeds.js';

/** More changes than the kernel holds records of. */
const QUEUED = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
const OVERFLOWING = Math.max(20_000, Math.ceil(QUEUED * 1.25));

describe.each(SEEDS)('applying the events to the old listing gives the new listing, seed %d', (seed) => {
  it('after each burst of another process, read while it goes on', async () => {
    await using tree = new Changing(seed);
    await using follower = new Follower(tree);
    for (const steps of [1, 10, 100, 1000, 3000]) {
      expect(await follower.burst('any', steps), `seed ${seed}, ${steps} changes`).toEqual([]);
    }
    expect(follower.picture.counts).toMatchObject({
      create: expect.any(Number),
      change: expect.any(Number),
      remove: expect.any(Number),
      rename: expect.any(Number),
    });
  });

  it('to a reader that is slow', async () => {
    await using tree = new Changing(seed + 1);
    await using follower = new Follower(tree, { window: 1 });
    const wrong = await follower.burst('any', 2000, async () => {
      for (let turn = 0; turn < 3; turn += 1) await setImmediate();
    });
    expect(wrong, `seed ${seed}`).toEqual([]);
  });

  it.skipIf(OVERFLOWING > 500_000)(
    'after bursts that the kernel does not keep',
    async () => {
      await using tree = new Changing(seed + 2);
      await using follower = new Follower(tree);
      await follower.burst('any', 200);
      for (const rescans of [1, 2]) {
        const wrong = await follower.unread(['any', 2000], ['flood', OVERFLOWING], ['any', 2000]);
        expect(wrong, `seed ${seed}`).toEqual([]);
        expect(follower.picture.counts['rescan']).toBeGreaterThanOrEqual(rescans);
        expect(await follower.burst('any', 500), `seed ${seed}, after an overflow`).toEqual([]);
      }
    },
    120_000,
  );

  it('while a deep tree is moved, removed and made again', async () => {
    await using tree = new Changing(seed + 3);
    await using follower = new Follower(tree);
    for (const steps of [1, 5, 20]) {
      expect(await follower.burst('deep', steps), `seed ${seed}, ${steps} times`).toEqual([]);
    }
    expect(await follower.unread(['deep', 10]), `seed ${seed}, unread`).toEqual([]);
  }, 60_000);

  it('while the root itself is deleted, moved and made again', async () => {
    await using tree = new Changing(seed + 4);
    await using follower = new Follower(tree);
    expect(await follower.burst('any', 100), `seed ${seed}`).toEqual([]);
    for (const steps of [1, 5, 20]) {
      expect(await follower.burst('root', steps), `seed ${seed}, ${steps} times`).toEqual([]);
      expect(await follower.burst('any', 100), `seed ${seed}, ${steps} times, and then`).toEqual([]);
    }
  });

  it('and leaves no kevent behind', () => {
    expect(defaultQueue().stats().kevents).toBe(0);
  });
});
