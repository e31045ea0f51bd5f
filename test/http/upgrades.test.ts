import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { expect, it } from 'vitest';

import * as http from '../../lib/http.js';
import { RawClient, serve } from './server.js';

it('hands the socket over at an upgrade, with the bytes that came after the header', async () => {
  const { server, port } = await serve(undefined);
  server.on('upgrade', (_request, socket: Duplex, head) => {
    socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n');
    socket.write(head);
    socket.pipe(socket);
  });
  const client = await RawClient.open(port);
  client.send('GET / HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: echo', '', 'first');
  await client.untilReceived('first\r\n');
  for (let i = 0; i < 50; i++) {
    client.socket.write(`<${i}>`);
    await client.untilReceived(`<${i}>`);
  }
  client.socket.end();
  await client.untilEnd();
});

it('hands over a socket that is read later, without losing what comes meanwhile', async () => {
  const { server, port } = await serve(undefined);
  const upgraded = once(server, 'upgrade') as Promise<[IncomingMessage, Duplex, Buffer]>;
  const client = await RawClient.open(port);
  client.send('GET / HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: late', '');
  const [, socket] = await upgraded;
  client.socket.write('while nobody reads');
  await new Promise((resolve) => setTimeout(resolve, 50));
  client.socket.end();
  let received = '';
  for await (const chunk of socket) received += chunk;
  expect(received).toBe('while nobody reads');
  socket.end();
});

it('answers a second request with an upgrade on a connection that was kept', async () => {
  const { server, port } = await serve((_request, response) => response.end('plain'));
  server.on('upgrade', (_request, socket: Duplex) => socket.end('upgraded'));
  const client = await RawClient.open(port);
  client.send('GET / HTTP/1.1', 'Host: x', '');
  await client.untilReceived('plain');
  client.send('GET / HTTP/1.1', 'Host: x', 'Connection: Upgrade', 'Upgrade: x', '');
  expect(await client.untilEnd()).toMatch(/upgraded$/);
});

it('opens a tunnel at CONNECT, for servers and for clients', async () => {
  const { server, port } = await serve(undefined);
  server.on('connect', (request, socket: Duplex) => {
    socket.write('HTTP/1.1 200 Connection established\r\n\r\n');
    socket.write(`to ${request.url}:`);
    socket.pipe(socket);
  });
  const request = http.request({ port, host: '127.0.0.1', method: 'CONNECT', path: 'example.com:443' });
  request.end();
  const [response, socket, head] = (await once(request, 'connect')) as [IncomingMessage, Duplex, Buffer];
  expect(response.statusCode).toBe(200);
  socket.end('there and back');
  let received = head.toString();
  for await (const chunk of socket) received += chunk;
  expect(received).toBe('to example.com:443:there and back');
});

it('closes a CONNECT that nobody listens for', async () => {
  const { port } = await serve((_request, response) => response.end('not this'));
  const client = await RawClient.open(port);
  client.send('CONNECT example.com:443 HTTP/1.1', 'Host: example.com', '');
  expect(await client.untilEnd()).toBe('');
});
