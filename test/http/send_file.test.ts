import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as later } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';

import * as http from '../../lib/http.js';
import { fetched, listening, RawClient, serve } from './server.js';

const SIZE = 12 * 1024 * 1024 + 123;
let folder = '';
let large = '';
let small = '';
let content = Buffer.alloc(0);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'kevent-send-file-'));
  large = join(folder, 'large');
  small = join(folder, 'small');
  content = randomBytes(SIZE);
  await writeFile(large, content);
  await writeFile(small, 'a small file');
});

afterAll(() => rm(folder, { recursive: true }));

const hash = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
const openFds = async (): Promise<number> => (await readdir('/proc/self/fd')).length;

/** A server that sends files, and what became of each. */
async function sending(
  path: () => string,
  options?: http.SendFileOptions,
): Promise<{ port: number; results: Promise<unknown>[] }> {
  const results: Promise<unknown>[] = [];
  const { port } = await serve((_request, response: ServerResponse) => {
    const result = http.sendFile(response, path(), options).then(
      () => 'sent',
      (error: NodeJS.ErrnoException) => {
        if (!response.headersSent) response.writeHead(404).end();
        return error.code;
      },
    );
    results.push(result);
  });
  return { port, results };
}

async function body(options: http.RequestOptions, pause = 0): Promise<Buffer> {
  const request = http.get({ host: '127.0.0.1', ...options });
  const [response] = await once(request, 'response');
  const chunks: Buffer[] = [];
  for await (const chunk of response) {
    chunks.push(chunk);
    if (pause > 0 && chunks.length % 20 === 0) await later(pause);
  }
  return Buffer.concat(chunks);
}

it.each([0, 1])('sends every byte of a file, to readers that pause for %i ms', async (pause) => {
  const { port, results } = await sending(() => large);
  const bodies = await Promise.all([body({ port }, pause), body({ port }, pause)]);
  expect(bodies.map(hash)).toEqual([hash(content), hash(content)]);
  expect(await Promise.all(results)).toEqual(['sent', 'sent']);
});

it('sends the bytes that are asked for, and says how many there are', async () => {
  const { port } = await sending(() => small, { start: 2, end: 6 });
  const { response, body: text } = await fetched({ port });
  expect(text).toBe('small');
  expect(response.headers['content-length']).toBe('5');
  const whole = await sending(() => small, { end: 1e9 });
  expect((await fetched({ port: whole.port })).body).toBe('a small file');
});

it('keeps the connection, and answers in order what was sent before', async () => {
  const { port } = await sending(() => small);
  const client = await RawClient.open(port);
  const request = ['GET / HTTP/1.1', 'Host: a', ''];
  client.send(...request, ...request, ...request);
  await client.until(({ received }) => received.split('a small file').length === 4);
  client.send(...request);
  await client.until(({ received }) => received.split('a small file').length === 5);
});

it('sends no body where there is none', async () => {
  const { port, results } = await sending(() => small);
  const { response, body: text } = await fetched({ port, method: 'HEAD' });
  expect(response.headers['content-length']).toBe('12');
  expect(text).toBe('');
  expect(await Promise.all(results)).toEqual(['sent']);
});

it('says why a file cannot be sent while the response can still be another', async () => {
  let path = join(folder, 'missing');
  const { port, results } = await sending(() => path);
  expect((await fetched({ port })).response.statusCode).toBe(404);
  path = folder;
  expect((await fetched({ port })).response.statusCode).toBe(404);
  path = join(folder, 'fifo');
  execFileSync('mkfifo', [path]);
  expect((await fetched({ port })).response.statusCode).toBe(404);
  const beyond = await sending(() => small, { start: 13 });
  expect((await fetched({ port: beyond.port })).response.statusCode).toBe(404);
  expect(await Promise.all([...results, ...beyond.results])).toEqual([
    'ENOENT',
    'EISDIR',
    'EINVAL',
    'ERR_OUT_OF_RANGE',
  ]);
});

it('ends when the peer goes away in the middle, and leaves nothing open', async () => {
  const { port, results } = await sending(() => large);
  await body({ port });
  const before = await openFds();
  for (let i = 0; i < 20; i += 1) {
    const client = await RawClient.open(port);
    client.send('GET / HTTP/1.1', 'Host: a', '');
    await client.untilReceived('Content-Length');
    client.socket.destroy();
  }
  const codes = await Promise.all(results.slice(1));
  expect(codes.length).toBe(20);
  expect(codes).not.toContain('sent');
  await expect.poll(openFds).toBeLessThanOrEqual(before);
});

it('fails when the file becomes shorter meanwhile', async () => {
  const shrinking = join(folder, 'shrinking');
  await writeFile(shrinking, content);
  const { port, results } = await sending(() => shrinking);
  const client = await RawClient.open(port);
  client.socket.pause();
  client.send('GET / HTTP/1.1', 'Host: a', '');
  await expect.poll(() => results.length).toBe(1);
  await once(client.socket, 'readable');
  await truncate(shrinking, 1);
  client.socket.resume();
  await client.untilEnd();
  expect(await results[0]).toBe('EIO');
});

it('reads and writes the file where the body is chunked, or the length is checked', async () => {
  const server = http.createServer((request, response) => {
    if (request.url === '/chunked') response.write('first, ');
    else response.strictContentLength = true;
    void http.sendFile(response, small);
  });
  const port = await listening(server);
  expect((await fetched({ port, path: '/chunked' })).body).toBe('first, a small file');
  expect((await fetched({ port, path: '/strict' })).body).toBe('a small file');
});
