import { once } from 'node:events';
import { type AddressInfo, connect as connectBuiltin } from 'node:net';
import { createServer, Socket } from 'kevent/net';
import { expect, it } from 'vitest';

const NAMES = ['open', 'ended', 'received', 'failed', 'written', 'touch', 'adopt', 'take', 'reset', 'names'];

/** A Socket with methods of its own, as programs have them. */
class Own extends Socket {
  static {
    for (const name of NAMES) {
      Object.defineProperty(Own.prototype, name, {
        value: () => {
          throw new Error(`${name} is the program's own`);
        },
      });
    }
  }
}

it('a class derived from Socket may have any methods', async () => {
  const server = createServer((socket) => socket.pipe(socket)).listen(0);
  await once(server, 'listening');
  const socket = new Own().connect((server.address() as AddressInfo).port);
  socket.setTimeout(10_000);
  socket.end('all of it');
  const [data] = await once(socket, 'data');
  expect(String(data)).toBe('all of it');
  await once(socket, 'close');
  server.close();
});

it('a socket may be given any properties', async () => {
  const server = createServer((socket) => {
    for (const name of NAMES) Object.defineProperty(socket, name, { value: true });
    socket.setTimeout(10_000);
    socket.pipe(socket);
  }).listen(0);
  await once(server, 'listening');
  const client = connectBuiltin((server.address() as AddressInfo).port);
  client.end('all of it');
  const [data] = await once(client, 'data');
  expect(String(data)).toBe('all of it');
  await once(client, 'close');
  server.close();
});
