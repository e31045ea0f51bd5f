import { expect, it } from 'vitest';

import { watch } from '../../../lib/index.js';
import { Changing } from './changing.js';
import { Follower } from './follower.js';

// What another process does between two system calls of the watch: rare, so it is tried often.

it('a rename is one event, also if the watch is woken before the kernel has queued its second half', async () => {
  await using tree = new Changing(1);
  const loop = watch(tree.root, { recursive: true })[Symbol.asyncIterator]();
  let next = loop.next();
  const counts: Record<string, number> = {};
  const [bursts, steps] = [20, 2000];
  for (let burst = 0; burst < bursts; burst += 1) {
    const { marker, done } = tree.change('backAndForth', steps);
    for (let path = ''; path !== marker; ) {
      const { value } = await next;
      if (value === undefined) throw new Error('the stream has ended');
      next = loop.next();
      counts[value.type] = (counts[value.type] ?? 0) + 1;
      path = String(value.path);
    }
    await done;
  }
  await loop.return?.();
  await next;
  expect(counts).toMatchObject({ rename: 2 * bursts * steps, create: 1 + bursts });
  expect(counts).not.toHaveProperty('remove');
}, 60_000);

it('what is in a directory is told, also if the root was away between being watched and being read', async () => {
  await using tree = new Changing(1);
  await using follower = new Follower(tree);
  for (let burst = 0; burst < 8; burst += 1) expect(await follower.burst('away', 100)).toEqual([]);
}, 60_000);
