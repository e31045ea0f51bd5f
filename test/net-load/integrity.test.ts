import { createHash, randomInt } from 'node:crypto';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';

import { dial } from './clients.js';
import { ServerProcess } from './server.js';

const CONNECTIONS = 8;
const BYTES = 16 * 2 ** 20;
const SOURCE = Buffer.alloc(2 ** 20, 0).map(() => randomInt(256));

it('no byte is lost or comes out of order, whatever the sizes and pauses on either side', {
  timeout: 60_000,
}, async () => {
  await using server = await ServerProcess.start('echo');
  const pairs = await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      const socket = await dial(server.port);
      const [sent, received] = await Promise.all([send(socket), receive(socket)]);
      return { sent, received };
    }),
  );
  for (const { sent, received } of pairs) expect(received).toBe(sent);
  const { errors } = await server.until(({ open }) => open === 0);
  expect(errors).toEqual([]);
});

/** Chunks of 1 byte to 200 KiB, with pauses now and then, and the end. */
async function send(socket: Socket): Promise<string> {
  const hash = createHash('sha256');
  for (let left = BYTES; left > 0; ) {
    const most = [10, 1000, 20_000, 200_000][randomInt(4)] ?? 1;
    const length = Math.min(left, randomInt(1, most + 1));
    const from = randomInt(SOURCE.length - length);
    const chunk = SOURCE.subarray(from, from + length);
    hash.update(chunk);
    left -= length;
    if (!socket.write(chunk)) await once(socket, 'drain');
    if (randomInt(200) === 0) await delay(randomInt(4));
  }
  socket.end();
  return hash.digest('hex');
}

async function receive(socket: Socket): Promise<string> {
  const hash = createHash('sha256');
  socket.on('data', async (chunk) => {
    hash.update(chunk);
    if (randomInt(50) > 0) return;
    socket.pause();
    await delay(randomInt(4));
    socket.resume();
  });
  await once(socket, 'end');
  return hash.digest('hex');
}
