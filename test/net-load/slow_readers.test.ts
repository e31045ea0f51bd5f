import { once } from 'node:events';
import { describe, expect, it } from 'vitest';

import { closeAll, dial } from './clients.js';
import { ServerProcess } from './server.js';

const READERS = 50;
const CHUNK = 64 * 1024;
const HIGH_WATER_MARK = 64 * 1024;
const MEBIBYTE = 2 ** 20;
/** What one slow reader reads in the end. KEVENT_STRESS=full: 1 GiB. */
const TOTAL = process.env['KEVENT_STRESS'] === 'full' ? 1024 * MEBIBYTE : 256 * MEBIBYTE;

describe('readers that do not read', { timeout: 60_000 }, () => {
  it('hold back the writer: what a socket queues stays at its high-water mark', async () => {
    await using server = await ServerProcess.start('flood');
    const before = await server.state();
    const readers = await Promise.all(Array.from({ length: READERS }, () => dial(server.port)));
    for (const reader of readers) reader.pause();

    const stuck = await standstill(server);
    expect(stuck.mostQueued).toBeLessThanOrEqual(HIGH_WATER_MARK + CHUNK);
    expect(stuck.rss - before.rss).toBeLessThan(READERS * (HIGH_WATER_MARK + CHUNK) + 64 * MEBIBYTE);

    // One of them reads: it alone goes on.
    const [reader] = readers;
    let received = 0;
    reader
      ?.on('data', (data) => {
        received += data.length;
      })
      .resume();
    while (received < TOTAL) await server.state();
    const after = await server.state();
    expect(after.mostQueued).toBeLessThanOrEqual(HIGH_WATER_MARK + CHUNK);
    expect(after.rss - before.rss).toBeLessThan(READERS * (HIGH_WATER_MARK + CHUNK) + 64 * MEBIBYTE);
    await closeAll(readers);
    await server.until(({ open }) => open === 0);
  });

  it('and vanish, leave nothing behind', async () => {
    await using server = await ServerProcess.start('flood');
    const warm = await dial(server.port);
    warm.pause();
    await standstill(server);
    await closeAll([warm]);
    const before = await server.until(({ open }) => open === 0);
    const readers = await Promise.all(Array.from({ length: READERS }, () => dial(server.port)));
    for (const reader of readers) reader.pause();
    await standstill(server);
    const closed = readers.map((reader) => once(reader, 'close'));
    for (const reader of readers) reader.resetAndDestroy();
    await Promise.all(closed);
    const after = await server.until(({ open }) => open === 0);
    expect(after.fds).toBe(before.fds);
    expect(after.heap - before.heap).toBeLessThan(2 * MEBIBYTE);
  });
});

/** Waits until the server can write no more. */
async function standstill(server: ServerProcess) {
  for (let last = -1; ; ) {
    // A turn of this loop, too: a socket is paused only when it has seen the call.
    for (let turns = 0; turns < 20; turns += 1) await server.state();
    const state = await server.state();
    if (state.written > 0 && state.written === last) return state;
    last = state.written;
  }
}
