// Servers of packages, which make them by themselves.
import { once } from 'node:events';
import { serve } from '@hono/node-server';
import express from 'express';
import fastify from 'fastify';
import { Hono } from 'hono';
import Koa from 'koa';
import { Server as SocketIoServer } from 'socket.io';
import { io } from 'socket.io-client';
import { request } from 'undici';
import { WebSocket, WebSocketServer } from 'ws';
import { report } from './report.js';

/** @type {Record<string, unknown>} */
const answers = {};

async function ask(/** @type {string} */ name, /** @type {import('node:net').Server} */ server) {
  if (!server.listening) await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const { body } = await request(`http://127.0.0.1:${port}/`);
  answers[name] = await body.text();
  return port;
}

const expressServer = express()
  .get('/', (_request, response) => void response.send('express'))
  .listen(0, '127.0.0.1');
await ask('express', expressServer);

const fastifyServer = fastify();
fastifyServer.get('/', async () => 'fastify');
await fastifyServer.listen({ port: 0, host: '127.0.0.1' });
await ask('fastify', fastifyServer.server);

const koa = new Koa();
koa.use((context) => {
  context.body = 'koa';
});
await ask('koa', koa.listen(0, '127.0.0.1'));

const hono = new Hono();
hono.get('/', (context) => context.text('hono'));
await ask(
  'hono',
  /** @type {import('node:net').Server} */ (serve({ fetch: hono.fetch, port: 0, hostname: '127.0.0.1' })),
);

const sockets = new WebSocketServer({ port: 0, host: '127.0.0.1' });
sockets.on('connection', (socket) => socket.on('message', (data) => socket.send(`<${data}>`)));
await once(sockets, 'listening');
const address = /** @type {import('node:net').AddressInfo} */ (sockets.address());
const client = new WebSocket(`ws://127.0.0.1:${address.port}/`);
await once(client, 'open');
client.send('ws');
answers['ws'] = String((await once(client, 'message'))[0]);

const socketIo = new SocketIoServer().listen(0);
socketIo.on('connection', (socket) => socket.on('ask', (value, answer) => answer(value)));
const { port } = /** @type {import('node:net').AddressInfo} */ (socketIo.httpServer.address());
const socket = io(`http://127.0.0.1:${port}`);
await once(/** @type {any} */ (socket), 'connect');
answers['socket.io'] = await socket.emitWithAck('ask', 'socket.io');

report({ answers });
process.exit();
