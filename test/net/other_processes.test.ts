import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';

import net from '../../lib/net.js';
import { all, listening } from './listening.js';

let child: ChildProcess;
beforeEach(() => {
  child = fork(fileURLToPath(new URL('programs/takes-server.js', import.meta.url)));
});
afterEach(() => {
  child.kill();
});

it('a server can be sent to another process, which accepts its connections', async () => {
  const server = net.createServer();
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  child.send('take this', server);
  await once(child, 'message');
  server.close();
  expect(String(await all(net.connect(port, '127.0.0.1')))).toBe('from the child');
});

it('a connection cannot be sent, and says so', async () => {
  const server = net.createServer();
  const port = await listening(server);
  const client = net.connect(port, '127.0.0.1').resume();
  const [socket] = (await once(server, 'connection')) as [Socket];
  expect(() => child.send('take this', socket)).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_HANDLE_TYPE' }),
  );
  socket.end();
  client.end();
});
