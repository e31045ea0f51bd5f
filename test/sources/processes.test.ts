import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { processExit, Queue } from '../../lib/index.js';

let queue: Queue;
beforeEach(() => {
  queue = new Queue();
});
afterEach(() => queue.close());

function shell(command: string): ChildProcess {
  return spawn('sh', ['-c', command], { stdio: ['pipe', 'pipe', 'inherit'] });
}

describe('processExit', () => {
  it('says how a child ended', async () => {
    const seven = shell('read line; exit 7');
    const seen = processExit(seven, { queue }).toArray();
    seven.stdin?.end('go\n');
    expect(await seen).toEqual([{ pid: seven.pid, code: 7, signal: null }]);
    const killed = shell('read line');
    const end = processExit(killed, { queue }).once();
    killed.kill('SIGTERM');
    expect(await end).toEqual({ pid: killed.pid, code: null, signal: 'SIGTERM' });
    expect(queue.stats().kevents).toBe(0);
  });

  it('says so of a child that has ended before', async () => {
    const child = shell('exit 3');
    await once(child, 'exit');
    expect(await processExit(child, { queue }).once()).toEqual({ pid: child.pid, code: 3, signal: null });
  });

  it('notices the end of a process that is not a child', async () => {
    // Its parent goes before it.
    const parent = shell('sleep 100 >/dev/null & echo $!');
    const [line] = await once(parent.stdout ?? parent, 'data');
    const pid = Number(`${line}`);
    const end = processExit(pid, { queue }).once();
    process.kill(pid, 'SIGKILL');
    expect(await end).toEqual({ pid, code: null, signal: null });
  });

  it('of no process fails in the loop', async () => {
    const child = shell('exit 0');
    await once(child, 'exit');
    await expect(processExit(child.pid ?? 0, { queue }).once()).rejects.toMatchObject({
      code: 'ESRCH',
      syscall: 'pidfd_open',
    });
    expect(() => processExit(0)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    expect(() => processExit('1' as unknown as number)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
  });

  it('leaves no fd and no listener behind when it is left', async () => {
    const child = shell('read line');
    // The queue keeps what it needs for any fd.
    await expect(
      processExit(child.pid ?? 0, { queue, signal: AbortSignal.timeout(1) }).once(),
    ).rejects.toThrow();
    const fds = readdirSync('/proc/self/fd').length;
    for (const target of [child, child.pid ?? 0]) {
      const loop = processExit(target, { queue })[Symbol.asyncIterator]();
      const next = loop.next();
      expect(readdirSync('/proc/self/fd').length).toBeGreaterThan(fds);
      await loop.return();
      expect((await next).done).toBe(true);
    }
    expect(readdirSync('/proc/self/fd').length).toBe(fds);
    expect(child.listenerCount('exit')).toBe(0);
    child.kill();
    await once(child, 'exit');
  });
});
