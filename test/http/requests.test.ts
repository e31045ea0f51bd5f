import { AsyncLocalStorage, executionAsyncId } from 'node:async_hooks';
import * as nodeHttp from 'node:http';
import type { Socket as NodeSocket } from 'node:net';
import { expect, it } from 'vitest';

import * as keventHttp from '../../lib/http.js';
import { listening, RawClient, serve, text } from './server.js';

const head = (line: string, ...headers: string[]): string =>
  [line, 'Host: x', ...headers, '', ''].join('\r\n');
const GET = head('GET / HTTP/1.1');
const post = (body: string): string => head('POST / HTTP/1.1', `Content-Length: ${body.length}`) + body;

/** What comes on one connection, each piece when the one before has been read. */
const conversations: Record<string, string[]> = {
  'the same again and again': [GET, GET, GET, GET],
  'another URL each time': ['/a', '/b?c=d', '/', '/a/b/c/%20', '//', '/*'].map((url) =>
    head(`GET ${url} HTTP/1.1`),
  ),
  'longer and longer URLs': [1, 10, 100, 1000, 2000, 3000].map((n) => head(`GET /${'x'.repeat(n)} HTTP/1.1`)),
  'a URL that is too long': [GET, GET, head(`GET /${'x'.repeat(20_000)} HTTP/1.1`)],
  'URLs that are no paths': [GET, GET, head('GET http://x/ HTTP/1.1'), GET, head('OPTIONS * HTTP/1.1')],
  'a URL with other characters': [GET, GET, head('GET /#a|b"c^`{} HTTP/1.1'), GET, head('GET /é HTTP/1.1')],
  'a URL that is not allowed': [GET, GET, head('GET /\x01 HTTP/1.1')],
  'two URLs': [GET, GET, head('GET / / HTTP/1.1')],
  'no URL': [GET, GET, head('GET  HTTP/1.1')],
  'other methods': ['HEAD', 'DELETE', 'GET', 'QUERY', 'PURGE', 'GET'].map((m) => head(`${m} / HTTP/1.1`)),
  'a method that is none': [GET, GET, head('GOT / HTTP/1.1')],
  'other headers': [
    GET,
    head('GET / HTTP/1.1', 'A: 1'),
    head('GET / HTTP/1.1', 'A: 2'),
    head('GET / HTTP/1.1', 'a: 2'),
    GET,
  ],
  'a folded header': [GET, ...Array(3).fill(head('GET / HTTP/1.1', 'A: 1', ' B: 2'))],
  'many headers': Array(3).fill(
    head('GET / HTTP/1.1', ...Array.from({ length: 40 }, (_, i) => `A${i}: ${i}`)),
  ),
  'an older version': [
    GET,
    GET,
    head('GET / HTTP/1.0', 'Connection: keep-alive'),
    GET,
    head('GET / HTTP/1.0'),
  ],
  'one that wants the connection closed': [GET, GET, head('GET / HTTP/1.1', 'Connection: close')],
  'one in two pieces': [GET, GET, GET.slice(0, 7), GET.slice(7), GET, GET],
  'one that is the value of a header': [GET, GET, 'GET /outer HTTP/1.1\r\nA: ', GET, GET],
  'one that is the name of a header': [GET, GET, 'GET /outer HTTP/1.1\r\n', GET],
  'one that is the end of a URL': [GET, GET, 'GET /', GET],
  'one that is a body': [GET, GET, post(GET), GET, GET],
  'one that is the rest of a body': [GET, GET, post(`xx${GET}`).slice(0, -GET.length), GET, GET, GET],
  'one that is in a chunk': [
    GET,
    GET,
    `${head('POST / HTTP/1.1', 'Transfer-Encoding: chunked')}${GET.length.toString(16)}\r\n`,
    GET,
    '\r\n0\r\n\r\n',
    GET,
    GET,
  ],
  'several in one piece': [GET, GET, GET + GET + GET, GET],
  'one and a half': [GET, GET, GET + GET.slice(0, 9), GET.slice(9), GET],
  'newlines before it': [GET, GET, `\r\n${GET}`, '\r\n', GET, GET],
  'newlines of another kind': [GET, GET, GET.replaceAll('\r\n', '\n')],
  'one that expects to be told to go on': [
    GET,
    ...Array(3).fill(head('GET / HTTP/1.1', 'Expect: 100-continue')),
  ],
  'a length of nothing': Array(3).fill(head('GET / HTTP/1.1', 'Content-Length: 0')),
  'no host': [GET, GET, 'GET / HTTP/1.1\r\n\r\n'],
};

/** What is answered, which says what has arrived. */
async function answers(http: typeof nodeHttp, pieces: readonly string[]): Promise<string> {
  const server = http.createServer(async (request, response) => {
    const { method, url, httpVersion, rawHeaders, headers } = request;
    const told = JSON.stringify({ method, url, httpVersion, rawHeaders, headers });
    // They are the request's own, to do with as one likes.
    rawHeaders.length = 0;
    headers['host'] = 'changed';
    response.end(`${told} ${await text(request)}`);
  });
  let read = (): number => 0;
  server.on('connection', (socket: NodeSocket) => {
    read = () => socket.bytesRead;
  });
  const client = await RawClient.open(await listening(server));
  let sent = 0;
  for (const piece of pieces) {
    client.socket.write(piece, 'latin1');
    sent += piece.length;
    while (read() < sent && !client.ended) await new Promise((resolve) => setImmediate(resolve));
    // The answer is written in promises of its own.
    await new Promise((resolve) => setImmediate(resolve));
  }
  client.socket.end();
  const received = await client.untilEnd();
  return received.replaceAll(/Date: .*\r\n/g, '');
}

it.each(Object.entries(conversations))('understands %s as node:http does', async (_name, pieces) => {
  const expected = await answers(nodeHttp, pieces);
  expect(await answers(keventHttp as unknown as typeof nodeHttp, pieces)).toBe(expected);
});

it('keeps to the limits of each server', async () => {
  const long = head(`GET /${'x'.repeat(400)} HTTP/1.1`);
  const open = async (maxHeaderSize: number): Promise<RawClient> => {
    const { port } = await serve((_request, response) => void response.end('fine'), { maxHeaderSize });
    return RawClient.open(port);
  };
  const [wide, narrow] = [await open(1000), await open(300)];
  for (const client of [wide, narrow, wide, narrow]) {
    client.received = '';
    client.socket.write(GET);
    await client.untilReceived('fine');
  }
  wide.received = '';
  wide.socket.write(long);
  await wide.untilReceived('fine');
  narrow.socket.write(long);
  expect(await narrow.untilEnd()).toContain('431 ');
});

it('gives the bytes of every request to who listens for them', async () => {
  const heard: string[] = [];
  const { server, port } = await serve((_request, response) => void response.end('fine'));
  let socket: NodeSocket | undefined;
  server.on('connection', (one: NodeSocket) => {
    socket = one;
  });
  const client = await RawClient.open(port);
  for (let i = 0; i < 6; i++) {
    client.received = '';
    client.socket.write(GET);
    await client.untilReceived('fine');
    if (i === 2) socket?.on('data', (chunk: Buffer) => heard.push(chunk.toString()));
  }
  expect(heard).toEqual([GET, GET, GET]);
  expect(socket?.bytesRead).toBe(6 * GET.length);
});

it('handles every request of a connection in the context of the connection, and leaves none behind', async () => {
  const context = new AsyncLocalStorage<number>();
  const found: unknown[] = [];
  const ids = new Set<number>();
  let requests = 0;
  const { port } = await serve((_request, response) => {
    found.push(context.getStore());
    ids.add(executionAsyncId());
    requests++;
    context.run(requests, () => setImmediate(() => response.end(`${context.getStore()};`)));
  });
  const client = await RawClient.open(port);
  for (let i = 1; i <= 5; i++) {
    client.socket.write(GET);
    await client.untilReceived(`${i};`);
  }
  expect(found).toEqual(Array(5).fill(undefined));
  expect(ids.has(0)).toBe(false);
});

it('does not take a connection for idle while it answers', async () => {
  const destroyed: boolean[] = [];
  const { server, port } = await serve(({ socket }, response) => {
    response.end('fine');
    server.closeIdleConnections();
    destroyed.push(socket.destroyed);
  });
  const client = await RawClient.open(port);
  for (let i = 0; i < 4; i++) {
    client.received = '';
    client.socket.write(GET);
    await client.untilReceived('fine');
  }
  server.closeIdleConnections();
  await client.untilEnd();
  expect(destroyed).toEqual([false, false, false, false]);
});
