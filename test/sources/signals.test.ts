import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';

import { defaultQueue, signals } from '../../lib/index.js';
import { runProgram } from '../queue/run_program.js';

function send(signal: string | number): void {
  // process.kill does not know the real-time signals.
  execFileSync('kill', [`-${signal}`, `${process.pid}`]);
}

describe('signals', () => {
  it('say who sent them', async () => {
    const next = signals('SIGUSR2').once();
    process.kill(process.pid, 'SIGUSR2');
    expect(await next).toMatchObject({
      signal: 'SIGUSR2',
      signo: 12,
      pid: process.pid,
      uid: process.getuid?.(),
      count: 1,
    });
  });

  it('come from several kinds in one stream, real-time ones each for itself', async () => {
    const stream = signals('SIGUSR2', 'SIGRTMIN+3', 36);
    const seen: string[] = [];
    const all = stream.take(4).forEach(({ signal }) => void seen.push(signal));
    send('RTMIN+3');
    send('RTMIN+3');
    send(36);
    process.kill(process.pid, 'SIGUSR2');
    await all;
    expect(seen.sort()).toEqual(['SIGRTMIN+2', 'SIGRTMIN+3', 'SIGRTMIN+3', 'SIGUSR2']);
  });

  it('do not take the default action while they are read, and leave listeners of process alone', async () => {
    let heard = 0;
    const listener = (): void => {
      heard += 1;
    };
    process.on('SIGHUP', listener);
    for (let round = 1; round <= 2; round += 1) {
      const next = signals('SIGHUP').once();
      process.kill(process.pid, 'SIGHUP');
      expect((await next)?.signal).toBe('SIGHUP');
      await expect.poll(() => heard).toBe(round);
    }
    process.removeListener('SIGHUP', listener);
    const next = signals('SIGHUP').once();
    process.kill(process.pid, 'SIGHUP');
    expect((await next)?.signal).toBe('SIGHUP');
    expect(process.listenerCount('SIGHUP')).toBe(0);
  });

  it('reach nobody else if the stream is exclusive', async () => {
    let heard = 0;
    const listener = (): void => {
      heard += 1;
    };
    process.on('SIGUSR2', listener);
    const next = signals('SIGUSR2', { exclusive: true }).once();
    process.kill(process.pid, 'SIGUSR2');
    await next;
    const other = signals('SIGUSR2').once();
    process.kill(process.pid, 'SIGUSR2');
    await other;
    await expect.poll(() => heard).toBe(1);
    process.removeListener('SIGUSR2', listener);
  });

  it('wait in the kernel and the engine while the window is full, and are all there in the end', async () => {
    const stream = signals('SIGRTMIN+5', { window: 2 });
    const loop = stream[Symbol.asyncIterator]();
    const first = loop.next();
    for (let i = 0; i < 40; i += 1) send('RTMIN+5');
    let sum = (await first).value?.count ?? 0;
    while (sum < 40) sum += (await loop.next()).value?.count ?? 0;
    await loop.return();
    expect(sum).toBe(40);
  });

  it('that cannot be caught fail the loop, and leave nothing behind', async () => {
    const loop = signals('SIGUSR2', 'SIGKILL').toArray();
    await expect(loop).rejects.toMatchObject({ code: 'EINVAL' });
    expect(defaultQueue().stats().kevents).toBe(0);
    expect(process.listenerCount('SIGUSR2')).toBe(0);
  });

  it('refuse names that no signal has', () => {
    expect(() => signals('SIGNO')).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
    expect(() => signals(...([] as unknown as ['']))).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });

  it('take the default action again when nobody reads them', async () => {
    const { signal, stdout } = await runProgram(`
      import { signals } from 'kevent';
      const next = signals('SIGTERM').once();
      process.kill(process.pid, 'SIGTERM');
      console.log((await next).signal);
      process.kill(process.pid, 'SIGTERM');
      setInterval(() => {}, 1000);
    `);
    expect(stdout).toBe('SIGTERM\n');
    expect(signal).toBe('SIGTERM');
  });
});
