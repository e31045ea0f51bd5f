import { createHash, randomFillSync } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, OutgoingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { expect, it } from 'vitest';

import * as http from '../../lib/http.js';
import { RawClient, serve } from './server.js';

const MEBIBYTE = 1 << 20;

function randomBytes(length: number): Buffer {
  return randomFillSync(Buffer.alloc(length));
}

async function hash(stream: AsyncIterable<Buffer>): Promise<string> {
  const sum = createHash('sha256');
  for await (const chunk of stream) sum.update(chunk);
  return sum.digest('hex');
}

/** Pieces of random size, with a pause now and then. */
async function* pieces(data: Buffer): AsyncGenerator<Buffer> {
  for (let at = 0; at < data.length; ) {
    const size = 1 + Math.floor(Math.random() ** 3 * 200_000);
    yield data.subarray(at, at + size);
    at += size;
    if (Math.random() < 0.1) await new Promise((resolve) => setImmediate(resolve));
  }
}

async function writeAll(message: OutgoingMessage, data: Buffer): Promise<void> {
  await pipeline(Readable.from(pieces(data)), message);
}

it('carries large bodies both ways, chunked and of known length, unchanged', async () => {
  const { port } = await serve((request, response) => void pipeline(request, response));
  const data = randomBytes(20 * MEBIBYTE);
  const expected = createHash('sha256').update(data).digest('hex');
  for (const headers of [{}, { 'Content-Length': data.length }]) {
    const request = http.request({ port, host: '127.0.0.1', method: 'POST', headers });
    const answered = once(request, 'response') as Promise<[IncomingMessage]>;
    const written = writeAll(request, data);
    const [response] = await answered;
    expect(await hash(response)).toBe(expected);
    await written;
  }
});

it('carries a body in one Buffer and in one string of many megabytes', async () => {
  const data = randomBytes(30 * MEBIBYTE);
  const long = 'k\u20acvent '.repeat(2_000_000);
  const { port } = await serve((request, response) => {
    response.end(request.url === '/string' ? long : data);
  });
  for (const [path, expected] of [
    ['/buffer', data],
    ['/string', long],
  ] as const) {
    const request = http.get({ port, host: '127.0.0.1', path });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    expect(await hash(response)).toBe(createHash('sha256').update(expected).digest('hex'));
  }
});

it('holds a writer back whose reader is slow, and goes on when it reads', async () => {
  const chunk = randomBytes(MEBIBYTE / 4);
  const total = 64;
  let written = 0;
  let held = false;
  const { port } = await serve(async (_request, response) => {
    for (; written < total; written++) {
      if (!response.write(chunk)) {
        held = true;
        await once(response, 'drain');
      }
    }
    response.end();
  });
  const client = await RawClient.open(port);
  client.socket.pause();
  client.send('GET / HTTP/1.0', '');
  while (!held) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(written).toBeLessThan(total);
  client.socket.resume();
  await client.untilEnd();
  expect(client.received.length).toBeGreaterThan(total * chunk.length);
  expect(written).toBe(total);
});

it('holds a sender back whose body is not read', async () => {
  const { server, port } = await serve(undefined);
  const requested = once(server, 'request') as Promise<[IncomingMessage, http.ServerResponse]>;
  const client = await RawClient.open(port);
  const size = 64 * MEBIBYTE;
  client.send('POST / HTTP/1.1', 'Host: x', `Content-Length: ${size}`, '');
  const [request, response] = await requested;
  client.socket.write(Buffer.alloc(size));
  await new Promise((resolve) => setTimeout(resolve, 100));
  expect(client.socket.writableLength).toBeGreaterThan(size / 2);
  request.once('end', () => response.end('thanks'));
  request.resume();
  await client.untilReceived('thanks');
});

it('answers many pipelined requests whose answers are large and whose client is slow', async () => {
  const body = randomBytes(MEBIBYTE / 8);
  const requests = 200;
  let begun = 0;
  const { port } = await serve((_request, response) => {
    begun++;
    response.end(body);
  });
  const client = await RawClient.open(port);
  client.socket.pause();
  client.socket.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(requests));
  client.socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  client.socket.resume();
  await client.untilEnd();
  expect(begun).toBe(requests + 1);
  expect(client.received.length).toBeGreaterThan(body.length * (requests + 1));
});
