import { once } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import * as node from 'node:http';
import { inherits } from 'node:util';
import { expect, it } from 'vitest';

import { Socket } from '../../lib/http/sockets.js';
import * as http from '../../lib/http.js';
import { fetched, listening, RawClient, serve, text } from './server.js';

it('serves on sockets of the loop, which requests and responses show', async () => {
  const seen: unknown[] = [];
  const { server, port } = await serve((request, response) => {
    seen.push(request.socket, response.socket);
    response.end(`${request.socket.remoteAddress} ${request.socket.localPort}`);
  });
  const request = http.get({ port, host: '127.0.0.1' });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(request.socket).toBeInstanceOf(Socket);
  expect(await text(response)).toBe(`127.0.0.1 ${port}`);
  expect(seen[0]).toBeInstanceOf(Socket);
  expect(seen[1]).toBe(seen[0]);
  expect(server).toBeInstanceOf(node.Server);
  expect(server).toBeInstanceOf(http.Server);
});

it('is made without new, by extends and by util.inherits', async () => {
  class Extended extends http.Server {}
  const Inherited = function (this: Server, listener: node.RequestListener) {
    Reflect.apply(http.Server as unknown as (listener: node.RequestListener) => void, this, [listener]);
  } as unknown as new (
    listener: node.RequestListener,
  ) => Server;
  inherits(Inherited, http.Server);
  const called = http.Server as unknown as (listener: node.RequestListener) => Server;
  const listener: node.RequestListener = (_request, response) => response.end('ok');
  for (const server of [new Extended(listener), new Inherited(listener), called(listener)]) {
    const port = await listening(server);
    expect((await fetched({ port })).body).toBe('ok');
    expect(server).toBeInstanceOf(http.Server);
  }
});

it('keeps a connection for many requests', async () => {
  const sockets = new Set<unknown>();
  const { port } = await serve((request, response) => {
    sockets.add(request.socket);
    response.end(request.url);
  });
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  for (let i = 0; i < 20; i++) expect((await fetched({ port, agent, path: `/${i}` })).body).toBe(`/${i}`);
  agent.destroy();
  expect(sockets.size).toBe(1);
});

it('answers pipelined requests in their order, whatever order they are done in', async () => {
  const waiting: (() => void)[] = [];
  const { port } = await serve((request, response) => {
    waiting.push(() => response.end(`<${request.url}>`));
    if (waiting.length === 3) for (const answer of waiting.reverse()) answer();
  });
  const client = await RawClient.open(port);
  for (const path of ['/a', '/b', '/c']) client.send(`GET ${path} HTTP/1.1`, 'Host: x', '');
  const received = await client.untilReceived('</c>');
  expect(received.match(/<\/.>/g)).toEqual(['</a>', '</b>', '</c>']);
});

it('reads a request that comes byte by byte', async () => {
  const { port } = await serve(async (request, response) => response.end(`[${await text(request)}]`));
  const client = await RawClient.open(port);
  client.socket.setNoDelay(true);
  for (const byte of 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nhello') {
    client.socket.write(byte);
    await new Promise((resolve) => setImmediate(resolve));
  }
  await client.untilReceived('[hello]');
});

it('sends and receives chunks and trailers', async () => {
  const trailers: NodeJS.Dict<string>[] = [];
  const { port } = await serve(async (request, response) => {
    const body = await text(request);
    trailers.push(request.trailers);
    response.writeHead(200, { Trailer: 'X-Sum' });
    for (const character of body) response.write(character);
    response.addTrailers({ 'X-Sum': String(body.length) });
    response.end();
  });
  const request = http.request({ port, host: '127.0.0.1', method: 'POST', headers: { Trailer: 'X-Count' } });
  request.write('one ');
  await new Promise((resolve) => setImmediate(resolve));
  request.write('two');
  request.addTrailers({ 'X-Count': '2' });
  request.end();
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  expect(await text(response)).toBe('one two');
  expect(response.trailers).toEqual({ 'x-sum': '7' });
  expect(trailers).toEqual([{ 'x-count': '2' }]);
});

it('sends the header and a small body in one piece', async () => {
  const { port } = await serve((_request, response) => response.end(Buffer.from('body')));
  const client = await RawClient.open(port);
  const pieces: string[] = [];
  client.socket.on('data', (piece: string) => pieces.push(piece));
  client.send('GET / HTTP/1.1', 'Host: x', '');
  await client.untilReceived('body');
  expect(pieces).toHaveLength(1);
});

it('takes every encoding of a body, and headers in latin1', async () => {
  const { port } = await serve((request, response) => {
    response.setHeader('X-Name', 'caf\u00e9');
    if (request.url === '/hex') response.end('6b6576656e74', 'hex');
    else if (request.url === '/utf16') response.end('kq', 'utf16le');
    else response.end('\u20ac\u{1f600}');
  });
  const hex = await fetched({ port, path: '/hex' });
  expect(hex.body).toBe('kevent');
  expect(hex.response.headers['x-name']).toBe('caf\u00e9');
  expect((await fetched({ port, path: '/utf16' })).body).toBe('k\0q\0');
  expect((await fetched({ port, path: '/utf8' })).body).toBe('\u20ac\u{1f600}');
});

it('invites the body of a request that expects 100-continue, and refuses other expectations', async () => {
  const { port } = await serve(async (request, response) => response.end(`<${await text(request)}>`));
  const client = await RawClient.open(port);
  client.send('POST / HTTP/1.1', 'Host: x', 'Expect: 100-continue', 'Content-Length: 4', '');
  await client.untilReceived('HTTP/1.1 100 Continue\r\n\r\n');
  client.socket.write('body');
  await client.untilReceived('<body>');
  client.send('POST / HTTP/1.1', 'Host: x', 'Expect: a-miracle', 'Content-Length: 0', '');
  await client.untilReceived('HTTP/1.1 417');
});

it('lets checkContinue decide', async () => {
  const { server, port } = await serve(undefined);
  server.on('checkContinue', (_request, response) => response.writeHead(403).end());
  const client = await RawClient.open(port);
  client.send('POST / HTTP/1.1', 'Host: x', 'Expect: 100-continue', 'Content-Length: 4', '');
  expect(await client.untilReceived('HTTP/1.1 403')).not.toContain('100 Continue');
});

it('answers HTTP/1.0 by closing, and a request without Host by 400', async () => {
  const { port } = await serve((_request, response) => response.end('ok'));
  const old = await RawClient.open(port);
  old.send('GET / HTTP/1.0', '');
  expect(await old.untilEnd()).toMatch(/Connection: close[\s\S]*ok$/);
  const hostless = await RawClient.open(port);
  hostless.send('GET / HTTP/1.1', '');
  expect(await hostless.untilEnd()).toMatch(/^HTTP\/1.1 400/);
});

it('sends what is informational before the response', async () => {
  const { port } = await serve((_request, response) => {
    response.writeEarlyHints({ link: '</style.css>; rel=preload' });
    response.writeProcessing();
    response.end('ok');
  });
  const client = await RawClient.open(port);
  client.send('GET / HTTP/1.1', 'Host: x', '');
  const received = await client.untilReceived('ok');
  expect(received.match(/HTTP\/1.1 \d+/g)).toEqual(['HTTP/1.1 103', 'HTTP/1.1 102', 'HTTP/1.1 200']);
});

it('keeps the order of what is written in every way, corked or not', async () => {
  const { server, port } = await serve(undefined);
  server.on('request', (request) => {
    const { socket } = request;
    socket.write('0');
    socket.write('1');
    socket.cork();
    socket.write('2', 'latin1');
    socket.write(Buffer.from('3'));
    socket.write(new Uint8Array([0x34]));
    socket.write('x'.repeat(20_000));
    socket.write('5', () => socket.write('7', () => socket.end('8')));
    socket.write('6');
    socket.uncork();
  });
  const client = await RawClient.open(port);
  client.send('GET / HTTP/1.1', 'Host: x', '');
  expect((await client.untilEnd()).replace(/x+/, 'x')).toBe('01234x5678');
});

it('sends what was written and ended while corked, in that order', async () => {
  const { server, port } = await serve(undefined);
  server.on('request', ({ socket }) => {
    socket.cork();
    socket.write('first ');
    socket.end('last');
  });
  const client = await RawClient.open(port);
  client.send('GET / HTTP/1.1', 'Host: x', '');
  expect(await client.untilEnd()).toBe('first last');
});

it('refuses what is not text or bytes, and what is written after the end', async () => {
  const { server, port } = await serve(undefined);
  const codes: unknown[] = [];
  const seen = new Promise<void>((resolve) => {
    server.on('request', ({ socket }) => {
      for (const [chunk, encoding] of [
        [5, undefined],
        [null, undefined],
        ['text', 'no encoding'],
      ]) {
        try {
          Reflect.apply(socket.write, socket, [chunk, encoding]);
        } catch (error) {
          codes.push((error as NodeJS.ErrnoException).code);
        }
      }
      socket.on('error', () => {});
      socket.end('done', () => {
        socket.write('more', (error) => {
          codes.push((error as NodeJS.ErrnoException).code);
          resolve();
        });
      });
    });
  });
  const client = await RawClient.open(port);
  client.send('GET / HTTP/1.1', 'Host: x', '');
  expect(await client.untilEnd()).toBe('done');
  await seen;
  expect(codes).toEqual([
    'ERR_INVALID_ARG_TYPE',
    'ERR_STREAM_NULL_VALUES',
    'ERR_UNKNOWN_ENCODING',
    'ERR_STREAM_WRITE_AFTER_END',
  ]);
});

it('sends what is written when a write is done before the end that is asked for then', async () => {
  const { server, port } = await serve(undefined);
  server.on('request', ({ socket }) => {
    socket.cork();
    socket.write('first ', () => socket.write('second'));
    socket.write('', () => socket.end());
    socket.uncork();
  });
  const client = await RawClient.open(port);
  client.send('GET / HTTP/1.1', 'Host: x', '');
  expect(await client.untilEnd()).toBe('first second');
});
