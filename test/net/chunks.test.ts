import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';

import { afterEach, expect, it } from 'vitest';

import { connect, createServer } from '../../lib/net.js';

const closing: { destroy(): void }[] = [];

afterEach(() => {
  for (const end of closing.splice(0)) end.destroy();
});

async function pair(): Promise<[Socket, Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [accepted] = (await once(server, 'connection')) as [Socket];
  server.close();
  closing.push(client, accepted);
  return [client, accepted];
}

async function received(socket: Socket, length: number): Promise<Buffer[]> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of socket.iterator({ destroyOnReturn: false })) {
    chunks.push(chunk as Buffer);
    size += chunk.length;
    if (size >= length) break;
  }
  return chunks;
}

it("takes nobody else's bytes along when the memory of a chunk is transferred to another thread, if it can be", async () => {
  const pairs = await Promise.all([pair(), pair(), pair()]);
  const sizes = [100_000, 300, 20_000];
  const all = await Promise.all(
    pairs.map(async ([client, accepted], i) => {
      client.write(Buffer.alloc(sizes[i] ?? 0, 97 + i));
      return received(accepted, sizes[i] ?? 0);
    }),
  );
  const large = all.flat().filter((chunk) => chunk.length > 16_384);
  expect(large.length).toBeGreaterThan(0);
  const [first, ...rest] = large;
  // What Node.js lets be transferred depends on its version.
  if (first !== undefined) {
    try {
      structuredClone(first, { transfer: [first.buffer as ArrayBuffer] });
    } catch (error) {
      expect(error).toHaveProperty('name', 'DataCloneError');
    }
  }
  for (const chunk of rest) expect(chunk.length).toBeGreaterThan(0);
  const left = all.map((chunks, i) => chunks.every((chunk) => chunk.every((byte) => byte === 97 + i)));
  expect(left).toEqual([true, true, true]);
  for (const [client, accepted] of pairs) {
    client.write('still here');
    expect(Buffer.concat(await received(accepted, 10)).toString()).toBe('still here');
  }
});

it('tells of a reset behind all that came before it, however much that is', async () => {
  const RESETS = 40;
  const told = Array.from({ length: RESETS }, async () => {
    const [client, accepted] = await pair();
    let ended = false;
    accepted.on('end', () => {
      ended = true;
    });
    accepted.on('data', () => {
      if (accepted.bytesRead >= 200_000) client.resetAndDestroy();
    });
    client.on('error', () => {});
    const pump = (): void => {
      while (!client.destroyed && client.write(Buffer.alloc(64 * 1024)));
    };
    client.on('drain', pump);
    pump();
    const [error] = (await once(accepted, 'error')) as [NodeJS.ErrnoException];
    return [error.code, error.syscall, ended];
  });
  for (const one of await Promise.all(told)) expect(one).toEqual(['ECONNRESET', 'read', false]);
});

it('hands on nothing between pause() and resume(), and then all of it in order', async () => {
  const [client, accepted] = await pair();
  const sent = Buffer.alloc(4 * 1024 * 1024);
  for (let i = 0; i < sent.length; i += 4) sent.writeUInt32LE(i, i);
  const chunks: Buffer[] = [];
  let length = 0;
  let isPaused = false;
  const whole = new Promise<void>((resolve) => {
    accepted.on('data', (chunk: Buffer) => {
      expect(isPaused).toBe(false);
      chunks.push(chunk);
      length += chunk.length;
      isPaused = true;
      accepted.pause();
      setImmediate(() => {
        isPaused = false;
        accepted.resume();
      });
      if (length === sent.length) resolve();
    });
  });
  client.write(sent);
  await whole;
  expect(Buffer.concat(chunks).equals(sent)).toBe(true);
});

// Zeros that nobody has written take no memory.
it('sends more than 2 GiB at once: in one chunk, and in several that are sent together', {
  timeout: 60_000,
}, async () => {
  const GIB = 2 ** 30;
  const marks = [0, GIB - 1, GIB, 2 * GIB];

  const large = Buffer.alloc(2 * GIB + 1);
  for (const [i, at] of marks.entries()) large[at] = i + 1;
  const places = [...marks, ...marks.map((mark) => large.length + mark)];
  const [client, accepted] = await pair();
  accepted.cork();
  accepted.write(large);
  accepted.write(large);
  accepted.end('the end');
  accepted.uncork();
  const seen: [number, number][] = [];
  let size = 0;
  for await (const chunk of client as AsyncIterable<Buffer>) {
    for (const at of places) {
      if (at >= size && at < size + chunk.length) seen.push([at, chunk[at - size] ?? 0]);
    }
    size += chunk.length;
    if (size > 2 * large.length) seen.push([-1, chunk.at(-1) ?? 0]);
  }
  const expected = places.map((at) => [at, marks.indexOf(at % large.length) + 1]);
  expect(seen).toEqual([...expected, [-1, 'd'.charCodeAt(0)]]);
  expect(size).toBe(2 * large.length + 7);
});
