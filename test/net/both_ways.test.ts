import { createHash, randomBytes, randomInt } from 'node:crypto';
import { once } from 'node:events';
import nodeNet, { type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';

import net from '../../lib/net.js';
import { listening } from './listening.js';

const CONNECTIONS = 6;
const SOURCE = randomBytes(2 ** 18);

/** Writes chunks of random sizes with random pauses, and then ends its half; the hash of all of it. */
async function send(socket: Socket, bytes: number): Promise<string> {
  const hash = createHash('sha256');
  for (let left = bytes; left > 0; ) {
    const most = [10, 1000, 20_000, 200_000][randomInt(4)] ?? 1;
    const length = Math.min(left, randomInt(1, most + 1));
    const from = randomInt(SOURCE.length - length);
    const chunk = SOURCE.subarray(from, from + length);
    hash.update(chunk);
    left -= length;
    const isText = randomInt(4) === 0;
    const room = isText ? socket.write(chunk.toString('latin1'), 'latin1') : socket.write(chunk);
    // Not always obedient: what is written over the mark must not be lost either.
    if (!room && randomInt(3) > 0) await once(socket, 'drain');
    if (randomInt(100) === 0) await delay(randomInt(4));
  }
  socket.end();
  return hash.digest('hex');
}

async function receive(socket: Socket): Promise<string> {
  const hash = createHash('sha256');
  socket.on('data', async (chunk) => {
    hash.update(chunk);
    if (randomInt(40) > 0) return;
    socket.pause();
    await delay(randomInt(4));
    socket.resume();
  });
  await once(socket, 'end');
  return hash.digest('hex');
}

it.each([
  ['kevent/net', net.connect],
  ['node:net', nodeNet.connect],
])(
  'what both ends send at once arrives whole and in order, whichever ends its half first (%s)',
  async (_name, connect) => {
    const ends: Promise<[sent: string, received: string]>[] = [];
    const both = (socket: Socket): Promise<[string, string]> =>
      Promise.all([send(socket, randomInt(2 ** 22)), receive(socket)]);
    const server = net.createServer({ allowHalfOpen: true }, (socket) => void ends.push(both(socket)));
    const port = await listening(server);
    for (let connection = 0; connection < CONNECTIONS; connection += 1) {
      const client = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      await once(client, 'connect');
      const clientEnds = both(client);
      while (ends.length <= connection) await delay(1);
      const [mine, theirs] = await Promise.all([clientEnds, ends[connection]]);
      expect(theirs?.[1]).toBe(mine[0]);
      expect(mine[1]).toBe(theirs?.[0]);
    }
  },
);
