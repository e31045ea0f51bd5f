import { readdirSync } from 'node:fs';
import { setImmediate as immediate } from 'node:timers/promises';
import { expect, it } from 'vitest';

import { binding } from '../../lib/abi/binding.js';
import { CONTROL_LENGTH } from '../../lib/abi/handles.js';
import { createRing } from '../../lib/abi/ring.js';
import { kevent_close, kevent_init, kevent_wait_async } from '../../lib/raw.js';
import { RawQueue } from '../raw/queue.js';

const descriptors = (): number => readdirSync('/proc/self/fd').length;

/** How many of the objects that `make` returns are garbage after collections. */
async function collected(count: number, make: () => object): Promise<() => number> {
  let gone = 0;
  const registry = new FinalizationRegistry(() => {
    gone += 1;
  });
  for (let i = 0; i < count; i += 1) registry.register(make(), undefined);
  for (let round = 0; round < 5; round += 1) {
    globalThis.gc?.();
    await immediate();
  }
  return () => gone;
}

it('a closed handle is garbage, and its descriptors are closed', async () => {
  using queue = new RawQueue(8);
  const before = descriptors();
  const gone = await collected(100, () => {
    const control = new Float64Array(new SharedArrayBuffer(CONTROL_LENGTH * 8));
    const attachment = new (binding().Attachment)(queue.fd, control, () => attachment.stop());
    attachment.open();
    attachment.start();
    const readiness = new (binding().Readiness)(queue.fd, () => readiness.stop());
    readiness.start(true);
    const deadline = new (binding().Deadline)(1000, 0, 0, () => deadline.close());
    deadline.start();
    for (const handle of [attachment, readiness, deadline]) expect(handle.close()).toBe(0);
    return attachment;
  });
  await expect.poll(descriptors).toBe(before);
  await expect.poll(gone).toBeGreaterThan(90);
});

it('an open handle is not garbage, although nobody refers to it', async () => {
  using queue = new RawQueue(8);
  const fired = new Promise<number>((resolve) => {
    new (binding().Deadline)(0, 50_000_000, 0, resolve).start();
  });
  const pending = kevent_wait_async(queue.fd, 8, 0, null);
  for (let round = 0; round < 5; round += 1) {
    globalThis.gc?.();
    await immediate();
  }
  expect(await fired).toBe(0);
  queue.wake();
  expect(await pending).toBe(0);
});

it('the ring of a closed queue is garbage', async () => {
  const gone = await collected(100, () => {
    const ring = createRing(64);
    kevent_close(kevent_init(ring, 64));
    return ring;
  });
  await expect.poll(gone).toBeGreaterThan(90);
});
