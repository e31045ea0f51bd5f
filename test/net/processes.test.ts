import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import nodeNet, { type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

import net from '../../lib/net.js';
import { all, listening } from './listening.js';

const LAST_WORDS = fileURLToPath(new URL('programs/last_words.js', import.meta.url));
const HEIR = fileURLToPath(new URL('programs/heir.js', import.meta.url));

async function heir(): Promise<ChildProcess> {
  const child = fork(HEIR);
  onTestFinished(() => void child.kill('SIGKILL'));
  await once(child, 'message');
  return child;
}

it('the handle of a server can be sent to another process, which goes on when ours is closed', async () => {
  const child = await heir();
  const server = net.createServer((socket) => void socket.end('its first owner'));
  const port = await listening(server);
  expect(`${await all(net.connect(port, '127.0.0.1'))}`).toBe('its first owner');
  const { _handle: handle } = server as unknown as { _handle: Server };
  child.send('server', handle);
  await once(child, 'message');
  server.close();
  await once(server, 'close');
  expect(`${await all(net.connect(port, '127.0.0.1'))}`).toBe('heir of a server');
});

it('a connection that was sent by another process is put on the loop by its handle', async () => {
  const child = await heir();
  const server = nodeNet.createServer(
    { pauseOnConnect: true },
    (socket) => void child.send('socket', socket),
  );
  const port = await listening(server);
  const client = net.connect(port, '127.0.0.1');
  client.write('hello');
  expect(await once(child, 'message')).toEqual(['socket hello', undefined]);
  expect(`${await all(client)}`).toBe('heir of a socket');
});

it('a socket of the loop cannot be sent, and stays what it is', async () => {
  const child = await heir();
  const refused: unknown[] = [];
  const server = net.createServer((socket: Socket) => {
    try {
      child.send('socket', socket);
    } catch (error) {
      refused.push((error as NodeJS.ErrnoException).code);
    }
    socket.end('still here');
  });
  const port = await listening(server);
  expect(`${await all(net.connect(port, '127.0.0.1'))}`).toBe('still here');
  expect(refused).toEqual(['ERR_INVALID_HANDLE_TYPE']);
});

it.each(['handler', 'timer'])('what is written before process.exit() in a %s is sent', async (where) => {
  const child = fork(LAST_WORDS, [where]);
  const [port] = await once(child, 'message');
  const client = nodeNet.connect(port, '127.0.0.1');
  client.write('?');
  expect(`${await all(client)}`).toBe('first and last words');
});
