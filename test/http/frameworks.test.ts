import { once } from 'node:events';
import { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { getRequestListener } from '@hono/node-server';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { Server as SocketIoServer } from 'socket.io';
import { io } from 'socket.io-client';
import { Client, fetch, Pool, WebSocket as UndiciWebSocket } from 'undici';
import { expect, it } from 'vitest';
import { WebSocket, WebSocketServer } from 'ws';

import { Socket } from '../../lib/http/sockets.js';
import * as http from '../../lib/http.js';
import { fetched, listening, serve, text } from './server.js';

const json = { 'Content-Type': 'application/json' };

it('runs Express', async () => {
  const app = express();
  app.use(express.json());
  app.get(
    '/hello/:name',
    (request, response) => void response.json({ hello: request.params.name, ip: request.ip }),
  );
  app.post('/sum', (request, response) => void response.send(String(request.body.a + request.body.b)));
  app.get('/file', (_request, response) => response.sendFile(fileURLToPath(import.meta.url)));
  const port = await listening(http.createServer(app));
  const hello = await fetched({ port, path: '/hello/world' });
  expect(JSON.parse(hello.body)).toEqual({ hello: 'world', ip: '127.0.0.1' });
  expect(hello.response.headers.etag).toBeDefined();
  expect((await fetched({ port, path: '/sum', method: 'POST', headers: json }, '{"a":1,"b":2}')).body).toBe(
    '3',
  );
  expect((await fetched({ port, path: '/file' })).body).toContain('runs Express');
  expect((await fetched({ port, path: '/missing' })).response.statusCode).toBe(404);
});

it('runs Fastify', async () => {
  const app = fastify({ serverFactory: (handler) => http.createServer(handler) });
  app.get('/hello', async (request) => ({ hello: 'world', loop: request.raw.socket instanceof Socket }));
  app.post('/echo', async (request) => request.body);
  app.get('/stream', async (_request, reply) => reply.send(Readable.from(['a', 'b', 'c'])));
  await app.listen({ port: 0, host: '127.0.0.1' });
  const { port } = app.server.address() as { port: number };
  expect((await fetched({ port, path: '/hello' })).body).toBe('{"hello":"world","loop":true}');
  expect((await fetched({ port, path: '/echo', method: 'POST', headers: json }, '{"a":[1]}')).body).toBe(
    '{"a":[1]}',
  );
  expect((await fetched({ port, path: '/stream' })).body).toBe('abc');
  await app.close();
});

it('runs Koa', async () => {
  const app = new Koa();
  app.use(async (context) => {
    context.body = context.method === 'POST' ? context.req : { path: context.path };
  });
  const port = await listening(http.createServer(app.callback()));
  expect((await fetched({ port, path: '/koa' })).body).toBe('{"path":"/koa"}');
  expect((await fetched({ port, method: 'POST' }, 'there and back')).body).toBe('there and back');
});

it('runs Hono on its adapter for Node', async () => {
  const app = new Hono();
  app.get('/hello', (context) => context.json({ hello: 'hono' }));
  app.post('/echo', async (context) => context.text(await context.req.text()));
  const port = await listening(http.createServer(getRequestListener(app.fetch)));
  expect((await fetched({ port, path: '/hello' })).body).toBe('{"hello":"hono"}');
  expect((await fetched({ port, path: '/echo', method: 'POST' }, 'body')).body).toBe('body');
});

it('runs WebSockets of ws, for servers and clients', async () => {
  const { server, port } = await serve(undefined);
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => {
    socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }));
  });
  const client = new WebSocket(`ws://127.0.0.1:${port}/`, { agent: new http.Agent() });
  await once(client, 'open');
  for (const size of [0, 1, 125, 126, 65_535, 65_536, 1_000_000]) {
    const message = Buffer.alloc(size, 'k');
    client.send(message);
    const [answer] = await once(client, 'message');
    expect(Buffer.compare(answer, message)).toBe(0);
  }
  const answered = once(client, 'pong');
  client.ping();
  await answered;
  client.close(1000, 'done');
  const [code, reason] = await once(client, 'close');
  expect([code, String(reason)]).toEqual([1000, 'done']);
  sockets.close();
});

it('talks to the WebSockets of undici', async () => {
  const { server, port } = await serve(undefined);
  const sockets = new WebSocketServer({ server });
  sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`<${data}>`)));
  const client = new UndiciWebSocket(`ws://127.0.0.1:${port}/`);
  await new Promise((resolve) => client.addEventListener('open', resolve));
  const answered = new Promise((resolve) => client.addEventListener('message', ({ data }) => resolve(data)));
  client.send('hello');
  expect(await answered).toBe('<hello>');
  const closed = new Promise((resolve) => client.addEventListener('close', resolve));
  client.close();
  await closed;
  sockets.close();
});

it('runs Socket.IO, by polling and by WebSocket', async () => {
  const { server, port } = await serve(undefined);
  const sockets = new SocketIoServer(server);
  sockets.on('connection', (socket) => socket.on('ask', (value, answer) => answer({ value })));
  for (const transport of ['polling', 'websocket']) {
    const client = io(`http://127.0.0.1:${port}`, { transports: [transport], forceNew: true });
    await new Promise<void>((resolve) => client.on('connect', resolve));
    for (let i = 0; i < 5; i++) expect(await client.emitWithAck('ask', i)).toEqual({ value: i });
    client.disconnect();
  }
  await sockets.close();
});

it('serves undici, whose requests are pipelined', async () => {
  const { port } = await serve(async (request, response) =>
    response.end(`${request.url} ${await text(request)}`),
  );
  const origin = `http://127.0.0.1:${port}`;
  const pool = new Pool(origin, { connections: 5, pipelining: 5 });
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_value, i) => {
      const { body } = await pool.request({ path: `/${i}`, method: 'POST', body: `body ${i}` });
      return body.text();
    }),
  );
  expect(answers).toEqual(Array.from({ length: 200 }, (_value, i) => `/${i} body ${i}`));
  await pool.close();
  const client = new Client(origin);
  const response = await fetch(`${origin}/fetch`, { dispatcher: client });
  expect(await response.text()).toBe('/fetch ');
  await client.close();
});
