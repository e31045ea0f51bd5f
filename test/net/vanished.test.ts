import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

const VANISHED = fileURLToPath(new URL('programs/vanished.js', import.meta.url));
const UNSENT = 'writes more than the kernel takes';

interface Told {
  readonly kept: Record<string, readonly unknown[]>;
  readonly reference: Record<string, readonly unknown[]>;
  readonly closed: number;
  readonly sockets: number;
}

/** The program in a network namespace where it may take the loopback down. */
function inNamespace(program: string): ChildProcess {
  const child = spawn('unshare', ['--map-root-user', '--net', process.execPath, program], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  return child;
}

it('a peer that vanishes without FIN or RST is told of as by node:net, whatever its connection does', async ({
  skip,
}) => {
  const { status } = spawnSync('unshare', ['--map-root-user', '--net', 'ip', 'link', 'set', 'lo', 'up']);
  if (status !== 0) skip('no network namespace can be made here: that needs unshare, ip and user namespaces');
  const child = inNamespace(VANISHED);
  const [{ kept, reference, closed, sockets }] = (await once(child, 'message')) as [Told];
  const { [UNSENT]: unsent, ...rest } = kept;
  const { [UNSENT]: _theirs, ...expected } = reference;
  expect(rest).toEqual(expected);
  // node:net calls back without an error, although the bytes are lost.
  expect(unsent).toEqual([
    ['written', 'an error'],
    ['error', 'ETIMEDOUT', 'read'],
    ['close', true],
  ]);
  expect(kept).toMatchObject({
    'writes a little': [
      ['error', 'ETIMEDOUT', 'read'],
      ['close', true],
    ],
    'is silent, with keep-alive': [
      ['error', 'ETIMEDOUT', 'read'],
      ['close', true],
    ],
    'is silent, with a timeout': [['timeout'], ['close', false]],
  });
  expect(closed).toBe(sockets);
}, 60_000);
