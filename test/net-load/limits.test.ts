import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';

import { closeAll, dialMany } from './clients.js';
import { ServerProcess } from './server.js';

const FDS = 80;
const CLIENTS = 120;

it('a server without fds left neither spins nor dies, and serves again when it has some', {
  timeout: 60_000,
}, async () => {
  await using server = await ServerProcess.start('echo', FDS);
  // The kernel connects them all, whatever the server can accept.
  const clients = Array.from({ length: CLIENTS }, () =>
    connect(server.port, '127.0.0.1').on('error', () => {}),
  );
  let full = await server.until(({ open }) => open > FDS / 2);
  for (;;) {
    await delay(200);
    const later = await server.state();
    const opened = later.opened - full.opened;
    full = later;
    if (opened === 0) break;
  }
  expect(full.open).toBeLessThan(CLIENTS);

  const began = performance.now();
  await delay(1000);
  const { cpuMs } = await server.state();
  expect(cpuMs - full.cpuMs).toBeLessThan((performance.now() - began) / 4);

  await closeAll(clients);
  await server.until(({ open }) => open === 0);
  const served = await dialMany(server.port, 10);
  expect((await server.state()).open).toBe(10);
  await closeAll(served);
});

it('a server without fds left goes on serving those that it has', { timeout: 60_000 }, async () => {
  await using server = await ServerProcess.start('echo', FDS);
  const [first] = await dialMany(server.port, 1);
  const clients = Array.from({ length: CLIENTS }, () =>
    connect(server.port, '127.0.0.1').on('error', () => {}),
  );
  await server.until(({ open }) => open > FDS / 2);
  first?.write('?');
  expect(first && String(await once(first, 'data'))).toBe('?');
  await closeAll(first === undefined ? clients : [...clients, first]);
});
