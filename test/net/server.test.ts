import { once } from 'node:events';
import type { DropArgument, Server, Socket } from 'node:net';
import { expect, it } from 'vitest';

import net from '../../lib/net.js';
import { all, listening, signal } from './listening.js';

async function connections(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error))),
  );
}

it('drops what is over maxConnections, and says whose that was', async () => {
  const server = net.createServer((socket) => socket.write('hello'));
  server.maxConnections = 1;
  const port = await listening(server);
  const first = net.connect(port, '127.0.0.1');
  await once(first, 'data');
  const dropped = once(server, 'drop') as Promise<[DropArgument]>;
  const second = net.connect(port, '127.0.0.1').on('error', () => {});
  const [{ remotePort, localPort }] = await dropped;
  expect(localPort).toBe(port);
  expect(remotePort).toBe(second.localPort);
  await once(second.resume(), 'close');
  expect(await connections(server)).toBe(1);
  first.destroy();
  while ((await connections(server)) > 0) await new Promise((resolve) => setImmediate(resolve));
  const third = net.connect(port, '127.0.0.1');
  await once(third, 'data');
  third.destroy();
});

it('serves nobody from an address that is blocked', async () => {
  const blockList = new net.BlockList();
  blockList.addAddress('127.0.0.1');
  const server = net.createServer(() => {
    throw new Error('it was served');
  });
  Object.assign(server, { blockList });
  const port = await listening(server);
  const client = net.connect(port, '127.0.0.1').on('error', () => {});
  await once(client.resume(), 'close');
  expect(client.bytesRead).toBe(0);
});

it('is closed by an AbortSignal', async () => {
  const controller = new AbortController();
  const server = net.createServer().listen({ port: 0, host: '127.0.0.1', signal: controller.signal });
  await once(server, 'listening');
  controller.abort();
  await once(server, 'close');
  expect(server.listening).toBe(false);
});

it('is closed when the last connection is, and listens again', async () => {
  const server = net.createServer((socket) => socket.pipe(socket));
  for (let round = 0; round < 3; round += 1) {
    const port = await listening(server);
    const client = net.connect(port, '127.0.0.1');
    client.write('x');
    await once(client, 'data');
    const closed = once(server, 'close');
    server.close();
    expect(await connections(server)).toBe(1);
    client.end();
    await closed;
    expect(await connections(server)).toBe(0);
  }
});

it('leaves what it is asked to pause to whoever resumes it', async () => {
  const accepted = signal<Socket>();
  const server = net.createServer({ pauseOnConnect: true }, accepted.resolve);
  const port = await listening(server);
  const client = net.connect(port, '127.0.0.1');
  await new Promise<void>((resolve) => client.end('not before', resolve));
  const socket = await accepted.promise;
  expect(socket.isPaused()).toBe(true);
  expect(socket.bytesRead).toBe(0);
  expect(`${await all(socket)}`).toBe('not before');
});

it('gives connections its options', async () => {
  const accepted = signal<Socket>();
  const server = net.createServer(
    { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: 5000, highWaterMark: 1234 },
    accepted.resolve,
  );
  const port = await listening(server);
  const client = net.connect(port, '127.0.0.1').resume();
  client.end();
  const socket = await accepted.promise;
  await once(socket.resume(), 'end');
  expect(socket.allowHalfOpen).toBe(true);
  expect(socket.writable).toBe(true);
  expect(socket.writableHighWaterMark).toBe(1234);
  expect(socket.readableHighWaterMark).toBe(1234);
  socket.end();
  await once(client, 'close');
});

it('does not keep the process alive when it is unref()ed', async () => {
  const { spawnSync } = await import('node:child_process');
  const program = `
    const net = require('kevent/net');
    const server = net.createServer((socket) => socket.unref());
    server.listen(0, '127.0.0.1', () => {
      const client = net.connect(server.address().port, '127.0.0.1', () => client.unref());
      server.unref();
    });`;
  const { status, stderr } = spawnSync(process.execPath, ['--no-warnings', '-e', program], {
    cwd: new URL('../..', import.meta.url),
    timeout: 10_000,
    encoding: 'utf8',
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
});
