import { once } from 'node:events';
import { get } from 'node:http';
import nodeNet, { type AddressInfo, type Server } from 'node:net';
import { expect, it, onTestFinished } from 'vitest';

import http from '../../lib/http.js';
import net, { createSlabServer } from '../../lib/net.js';
import { all } from './listening.js';

const CONNECTIONS = 60;

/** Node's types before 22.12 do not know it. */
const options = (port: number, host?: string) => ({ port, host, reusePort: true });

async function listen(server: Server, port: number, host?: string): Promise<number> {
  server.listen(options(port, host));
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

async function answers(port: number, host: string): Promise<Set<string>> {
  const said = new Set<string>();
  for (let i = 0; i < CONNECTIONS; i += 1) said.add(`${await all(nodeNet.connect(port, host))}`);
  return said;
}

it.each([
  ['127.0.0.1', '127.0.0.1'],
  [undefined, '127.0.0.1'],
])('servers with reusePort share a port (%s), and its connections', async (host, peer) => {
  const port = await listen(
    net.createServer((socket) => void socket.end('one')),
    0,
    host,
  );
  await listen(
    net.createServer((socket) => void socket.end('two')),
    port,
    host,
  );
  await listen(createSlabServer({ open: (connection) => connection.end('slab') }), port, host);
  expect(await answers(port, peer)).toEqual(new Set(['one', 'two', 'slab']));
});

it('servers of kevent/http share a port', async () => {
  const port = await listen(
    http.createServer((_, response) => void response.end('one')),
    0,
  );
  await listen(
    http.createServer((_, response) => void response.end('two')),
    port,
  );
  const said = new Set<string>();
  for (let i = 0; i < CONNECTIONS; i += 1) {
    const request = get({ port, agent: false });
    const [response] = await once(request, 'response');
    said.add(`${await all(response)}`);
  }
  expect(said).toEqual(new Set(['one', 'two']));
});

it('who does not ask for it has the port alone', async () => {
  const port = await listen(net.createServer(), 0);
  const server = net.createServer().listen(port);
  const [error] = await once(server, 'error');
  expect(error).toMatchObject({ code: 'EADDRINUSE', syscall: 'listen', port });
});
