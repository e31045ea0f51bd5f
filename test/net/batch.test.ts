import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import nodeNet, { type Socket } from 'node:net';
import { expect, it } from 'vitest';

import net from '../../lib/net.js';
import { listening } from './listening.js';

const COUNT = 20;

it('a handler can destroy the other connections of its batch: nothing more is heard of them', async () => {
  const accepted: Socket[] = [];
  let heard = 0;
  const server = net.createServer((socket) => {
    accepted.push(socket);
    socket.on('data', () => {
      heard += 1;
      for (const other of accepted) other.destroy();
    });
  });
  const port = await listening(server);
  const clients = Array.from({ length: COUNT }, () => nodeNet.connect(port, '127.0.0.1').resume());
  while (accepted.length < COUNT) await once(server, 'connection');
  const before = readdirSync('/proc/self/fd').length;
  const closed = clients.map((client) =>
    once(
      client.on('error', () => {}),
      'close',
    ),
  );
  for (const client of clients) client.write('x');
  await Promise.all(closed);
  expect(heard).toBe(1);
  expect(readdirSync('/proc/self/fd').length).toBe(before - 2 * COUNT);
});

it('a connection that is made by a handler, with the number of one that it closed, hears only its own', async () => {
  const server = net.createServer((socket) => socket.on('data', (data) => socket.write(data)));
  const port = await listening(server);
  const clients = Array.from({ length: COUNT }, () => net.connect(port, '127.0.0.1'));
  await Promise.all(clients.map((client) => once(client, 'connect')));
  const heard: string[] = [];
  const next: Socket[] = [];
  const answered = clients.map(
    (client) =>
      new Promise<void>((resolve) => {
        client.on('close', () => resolve());
        client.on('data', () => {
          for (const other of clients) other.destroy();
          if (next.length > 0) return;
          for (let i = 0; i < COUNT; i += 1) {
            next.push(net.connect(port, '127.0.0.1').on('data', (data) => void heard.push(String(data))));
          }
        });
      }),
  );
  for (const client of clients) client.write('old');
  await Promise.all(answered);
  const all = next.map((client) => once(client, 'data'));
  for (const client of next) client.write('new');
  await Promise.all(all);
  expect(heard).toEqual(Array(COUNT).fill('new'));
  for (const client of next) client.destroy();
});
