import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';

import { kevent_claim, kevent_consumer_open, kevent_finish, kevent_stats } from '../../lib/raw.js';
import { RawQueue } from '../raw/queue.js';

const run = promisify(execFile);
const program = (name: string): URL => new URL(`programs/${name}.js`, import.meta.url);
const descriptors = (): number => readdirSync('/proc/self/fd').length;

async function started(name: string, workerData: object): Promise<Worker> {
  const worker = new Worker(program(name), { workerData, stdout: true });
  await once(worker, 'message');
  return worker;
}

describe('a worker', () => {
  it.each(['wait', 'get_events', 'claim'])('that blocks in %s can be terminated', async (call) => {
    using queue = new RawQueue(8);
    const worker = await started('wait-for-ever', { fd: queue.fd, ring: queue.ring, call });
    await worker.terminate();
    // Its consumer is gone, the queue is not.
    expect(kevent_stats(queue.fd).kevents).toBe(0);
  });

  it.each(['spin', 'flood', 'idle', 'hold'])('that is attached (%s) can be terminated', async (what) => {
    const before = descriptors();
    for (let round = 0; round < 3; round += 1) {
      const worker = await started('attached', { what });
      await worker.terminate();
    }
    // The queues were the workers' own: all that they opened is closed.
    await expect.poll(descriptors).toBe(before);
  });

  it('that is terminated leaves what it held to others, and its queue to those who share it', async () => {
    using queue = new RawQueue(8);
    const worker = await started('attached', { what: 'hold', fd: queue.fd, ring: queue.ring });
    const consumer = kevent_consumer_open(queue.fd);
    await worker.terminate();
    expect(kevent_claim(queue.fd, consumer, 8, 10_000_000_000n)).toEqual({ position: 0, count: 1 });
    expect(kevent_finish(queue.fd, consumer, 0, 1)).toBe(1);
  });

  it('that is terminated in its callback has not seen the run', async () => {
    using queue = new RawQueue(8);
    const worker = await started('attached', { what: 'spin', fd: queue.fd, ring: queue.ring });
    const consumer = kevent_consumer_open(queue.fd);
    await worker.terminate();
    expect(kevent_claim(queue.fd, consumer, 8, 10_000_000_000n)).toEqual({ position: 0, count: 1 });
  });

  it('may be closed under: the queue goes while it is attached', async () => {
    const queue = new RawQueue(8);
    const worker = await started('attached', { what: 'flood', fd: queue.fd, ring: queue.ring });
    queue.close();
    await worker.terminate();
  });

  it('may be one of fifty that load the binding at the same time', async () => {
    const before = descriptors();
    const workers = Array.from({ length: 50 }, () => started('attached', { what: 'idle' }));
    const all = await Promise.all(workers);
    await Promise.all(all.map((worker) => worker.terminate()));
    await expect.poll(descriptors).toBe(before);
  });

  it('that calls process.exit in its callback ends with its code', async () => {
    const worker = new Worker(program('attached'), { workerData: { what: 'exit' }, stdout: true });
    expect(await once(worker, 'exit')).toEqual([7]);
  });
});

describe.each(['uv', 'thread'])('a process with the %s driver', (driver) => {
  const env = { ...process.env, KEVENT_DRIVER: driver };
  const start = (what: string): Promise<{ stdout: string }> =>
    run(process.execPath, [program('attached').pathname, what], { env, timeout: 20_000 });

  it('ends by itself when nothing is ref-ed', async () => {
    expect((await start('once')).stdout).toBe('calls: 1\n');
  });

  it('survives an error in the callback, which counts as having seen the run', async () => {
    expect((await start('throw')).stdout).toBe('uncaught: from the callback\ncalls: 2\n');
  });

  it('can exit in the callback', async () => {
    await expect(start('exit')).rejects.toMatchObject({ code: 7, stdout: 'calls: 1\n' });
  });

  it('can be ended with the attachment in full swing', async () => {
    const child = execFile(process.execPath, [program('attached').pathname, 'flood'], { env });
    setTimeout(() => child.kill('SIGTERM'), 200);
    const [, signal] = await once(child, 'exit');
    expect(signal).toBe('SIGTERM');
  });
});
