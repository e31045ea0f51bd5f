import { once } from 'node:events';
import type { Socket } from 'node:net';
import { expect, it } from 'vitest';

import net from '../../lib/net.js';
import { listening } from './listening.js';

it('a write is finished behind the ticks that were queued before it', async () => {
  const order: string[] = [];
  const server = net.createServer((socket: Socket) => {
    socket.on('data', () => {
      process.nextTick(() => order.push('tick'));
      socket.write('answer', () => {
        order.push('finished');
        socket.end();
      });
    });
  });
  const port = await listening(server);
  const client = net.connect(port, '127.0.0.1');
  client.resume().write('question');
  await once(client, 'close');
  expect(order).toEqual(['tick', 'finished']);
  server.close();
});

it('connect() gets its arguments in one array, as some who replace it expect', async () => {
  const server = net.createServer((socket: Socket) => socket.end());
  const port = await listening(server);
  const given: unknown[][] = [];
  const connect = net.Socket.prototype.connect;
  net.Socket.prototype.connect = function (this: Socket, ...args: unknown[]): Socket {
    given.push(args);
    return Reflect.apply(connect, this, args);
  } as typeof connect;
  try {
    const callback = (): void => {};
    const client = net.connect(port, '127.0.0.1', callback).resume();
    expect(given).toEqual([[[{ port, host: '127.0.0.1' }, callback]]]);
    await once(client, 'close');
  } finally {
    net.Socket.prototype.connect = connect;
    server.close();
  }
});
