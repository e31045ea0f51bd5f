import { AsyncLocalStorage, createHook, executionAsyncId } from 'node:async_hooks';
import { execFile } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it } from 'vitest';

import net from '../../lib/net.js';
import { listening } from './listening.js';

const FIRST_USE = fileURLToPath(new URL('programs/first_use.js', import.meta.url));

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

it("'connection' comes in the context of listen(), what a connection does in none", async () => {
  const storage = new AsyncLocalStorage<string>();
  const seen: unknown[] = [];
  const server = net.createServer((socket) => {
    seen.push('connection', storage.getStore());
    socket.on('data', () => seen.push('data', storage.getStore()));
    socket.on('close', () => seen.push('close', storage.getStore()));
    socket.on('end', () => socket.end());
  });
  const port = await storage.run('listen', () => listening(server));
  net.connect(port, '127.0.0.1').resume().end('x');
  const [socket] = await once(server, 'connection');
  await once(socket, 'close');
  expect(seen).toEqual(['connection', 'listen', 'data', undefined, 'close', undefined]);
});

it('nobody else is in the context of who was first to use the package', async () => {
  const { stdout } = await promisify(execFile)(process.execPath, [FIRST_USE]);
  expect(stdout).toBe('undefined\n');
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
