import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { createServer } from 'kevent/net';
import { expect, it } from 'vitest';

const DIAL = fileURLToPath(new URL('programs/dial.js', import.meta.url));
const BACKLOG = 8;
const COUNT = 30;

/** Connections that the kernel refused for a full backlog, on the whole machine. */
function overflows(): number {
  const [names, values] = readFileSync('/proc/net/netstat', 'latin1')
    .split('\n')
    .filter((line) => line.startsWith('TcpExt:'))
    .map((line) => line.split(' '));
  return Number(values?.[names?.indexOf('ListenOverflows') ?? -1]);
}

it('who finds the backlog full is served when it is not', { timeout: 60_000 }, async () => {
  const server = createServer((socket) => socket.pipe(socket));
  server.listen({ port: 0, host: '127.0.0.1', backlog: BACKLOG });
  await once(server, 'listening');
  const before = overflows();
  const clients = spawn(
    process.execPath,
    [DIAL, String((server.address() as AddressInfo).port), String(COUNT)],
    {
      stdio: 'inherit',
    },
  );
  const exit = once(clients, 'exit');
  // Nobody accepts while this thread sleeps.
  while (overflows() === before) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
  expect(await exit).toEqual([0, null]);
  server.close();
  await once(server, 'close');
});
