import { AsyncLocalStorage, createHook, executionAsyncId } from 'node:async_hooks';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';

import net from '../../lib/net.js';
import { listening } from './listening.js';

it('events of a socket come in the context in which it was made', async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  const server = net.createServer((socket) => socket.pipe(socket));
  const port = await listening(server);
  const clients = ['one', 'two', 'three'].map((name) =>
    storage.run(name, () => {
      const client = net.connect(port, '127.0.0.1');
      client.on('connect', () => seen.push(storage.getStore()));
      client.on('data', () => seen.push(storage.getStore()));
      client.end('x', () => seen.push(storage.getStore()));
      client.on('close', () => seen.push(storage.getStore()));
      return once(client, 'close');
    }),
  );
  await Promise.all(clients);
  expect(seen.sort()).toEqual(['one', 'two', 'three'].flatMap((name) => Array(4).fill(name)).sort());
});

it('async_hooks see each connection begin and end, and its events in it', async () => {
  const began = new Set<number>();
  const ended = new Set<number>();
  const hook = createHook({
    init: (id, type) => void (type === 'TCPWRAP' && began.add(id)),
    destroy: (id) => void (began.has(id) && ended.add(id)),
  }).enable();
  try {
    const ids: number[] = [];
    const server = net.createServer((socket: Socket) => {
      socket.on('data', () => ids.push(executionAsyncId()));
      socket.pipe(socket);
    });
    const port = await listening(server);
    const client = net.connect(port, '127.0.0.1').resume();
    client.end('x');
    await once(client, 'close');
    expect(ids).toHaveLength(1);
    expect(began.has(ids[0] ?? 0)).toBe(true);
    while (ended.size < 2) await new Promise((resolve) => setImmediate(resolve));
    expect(began.size).toBeGreaterThanOrEqual(2);
  } finally {
    hook.disable();
  }
});

it('diagnostics_channel tells of sockets', async () => {
  const told: string[] = [];
  const ofClient = ({ socket }: { socket?: unknown }): void =>
    void told.push(`client ${socket instanceof net.Socket}`);
  const ofServer = ({ socket }: { socket?: unknown }): void =>
    void told.push(`server ${socket instanceof net.Socket}`);
  subscribe('net.client.socket', ofClient as (message: unknown) => void);
  subscribe('net.server.socket', ofServer as (message: unknown) => void);
  try {
    const server = net.createServer((socket) => socket.end());
    const port = await listening(server);
    await once(net.connect(port, '127.0.0.1').resume(), 'close');
    expect(told).toEqual(['client true', 'server true']);
  } finally {
    unsubscribe('net.client.socket', ofClient as (message: unknown) => void);
    unsubscribe('net.server.socket', ofServer as (message: unknown) => void);
  }
});
