import { spawn } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

import { closeAll, dial } from './clients.js';
import { ServerProcess } from './server.js';

const FLOOD = fileURLToPath(new URL('programs/flood.js', import.meta.url));
const READERS = fileURLToPath(new URL('programs/readers.js', import.meta.url));
const FLOODS = 20;
const PINGS = 100;
const MOST_MS = 50;

// Not the worst is looked at: on a machine that does other things too, no program is always on time.
function usual(ms: readonly number[], share = 0.9): number {
  return [...ms].sort((a, b) => a - b)[Math.floor(ms.length * share)] ?? 0;
}

/** How long each byte took there and back, in ms. */
async function ping(socket: Socket): Promise<number[]> {
  const waits: number[] = [];
  while (waits.length < PINGS) {
    const began = performance.now();
    socket.write('?');
    await once(socket, 'data');
    waits.push(performance.now() - began);
  }
  return waits;
}

// Noise only adds to a time: one good try of three shows what the server can do.
describe('beside a flood', { timeout: 60_000, retry: 2 }, () => {
  it(`timers and other sockets are served within ${MOST_MS} ms while ${FLOODS} connections send all they can`, async () => {
    await using server = await ServerProcess.start('echo');
    const flood = spawn(process.execPath, [FLOOD, String(server.port), String(FLOODS)]);
    await server.until(({ open }) => open === FLOODS, false);
    const pinger = await dial(server.port);
    await server.state(false);
    const waits = await ping(pinger);
    const { late } = await server.state(false);
    expect(usual(late)).toBeLessThan(MOST_MS);
    expect(usual(waits, 0.5)).toBeLessThan(MOST_MS);
    await closeAll([pinger]);
    // kill -9 of the other side, in the middle of it all.
    flood.kill('SIGKILL');
    await server.until(({ open }) => open === 0);
  });

  it.each([1024, 64 * 1024])(
    `timers and other sockets are served within ${MOST_MS} ms while it sends all it can, %i bytes a time`,
    async (bytes) => {
      await using server = await ServerProcess.start('mixed');
      const pinger = await dial(server.port);
      pinger.write('echo');
      const readers = spawn(process.execPath, [READERS, String(server.port), String(FLOODS), String(bytes)]);
      const { written } = await server.until(
        (state) => state.open === FLOODS + 1 && state.written > 0,
        false,
      );
      const waits = await ping(pinger);
      const after = await server.until((state) => state.written > written && state.late.length > 0, false);
      expect(usual(after.late)).toBeLessThan(MOST_MS);
      expect(usual(waits, 0.5)).toBeLessThan(MOST_MS);
      readers.kill('SIGKILL');
      await closeAll([pinger]);
      await server.until(({ open }) => open === 0);
    },
  );
});
