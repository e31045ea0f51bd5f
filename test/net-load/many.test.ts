import { once } from 'node:events';
import { connect } from 'node:net';
import { describe, expect, it } from 'vitest';

import { closeAll, dialMany, mostFds } from './clients.js';
import { ServerProcess } from './server.js';

const MANY = 10_000;
const MEBIBYTE = 2 ** 20;

describe.skipIf(mostFds() < MANY + 200)(`${MANY} connections`, { timeout: 120_000 }, () => {
  it('are held and counted, answer, and leave nothing behind', async () => {
    await using server = await ServerProcess.start('echo');
    const before = await server.state();
    const sockets = await dialMany(server.port, MANY);
    const held = await server.state();
    expect(held.open).toBe(MANY);
    expect(held.fds - before.fds).toBeGreaterThanOrEqual(MANY);

    const answered = sockets.map((socket) => once(socket, 'data'));
    for (const socket of sockets) socket.write('?');
    await Promise.all(answered);

    await closeAll(sockets);
    const after = await server.until(({ open }) => open === 0);
    expect(after.errors).toEqual([]);
    // A few fds belong to the loop, which the first connection makes.
    expect(after.fds - before.fds).toBeLessThan(10);
    expect(after.heap - before.heap).toBeLessThan(4 * MEBIBYTE);
  });

  it('opened and reset in a loop leave nothing behind', async () => {
    await using server = await ServerProcess.start('echo');
    await openAndReset(server.port, MANY / 10);
    const before = await server.until(({ open, opened }) => open === 0 && opened === MANY / 10);
    await openAndReset(server.port, MANY);
    const after = await server.until(({ open, opened }) => open === 0 && opened === MANY / 10 + MANY);
    expect(after.fds).toBe(before.fds);
    expect(after.heap - before.heap).toBeLessThan(2 * MEBIBYTE);
    expect(after.errors.filter((code) => !['ECONNRESET', 'EPIPE'].includes(code))).toEqual([]);
  });
});

/** In each state that a connection can be in: not yet served, with data under way, with the answer unread. */
async function openAndReset(port: number, count: number): Promise<void> {
  const together = 50;
  let next = 0;
  await Promise.all(
    Array.from({ length: together }, async () => {
      while (next < count) {
        const index = next++;
        const socket = connect(port, '127.0.0.1');
        await once(socket, 'connect');
        if (index % 3 > 0) socket.write('some bytes');
        if (index % 3 === 2) await once(socket, 'data');
        const closed = once(socket, 'close');
        socket.resetAndDestroy();
        await closed;
      }
    }),
  );
}
