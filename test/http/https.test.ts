import { execFile, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Socket as NodeSocket } from 'node:net';
import { createSecureContext, TLSSocket, connect as tlsConnect } from 'node:tls';
import { expect, it } from 'vitest';

import { Socket } from '../../lib/http/sockets.js';
import * as https from '../../lib/https.js';
import * as net from '../../lib/net.js';
import { cert, key } from './certificate.js';
import { listening, RawClient, text } from './server.js';

const hasOpenssl = spawnSync('openssl', ['version']).status === 0;

async function serve(listener: RequestListener): Promise<{ server: https.Server; port: number }> {
  const server = https.createServer({ key, cert }, listener);
  return { server, port: await listening(server) };
}

async function fetched(options: https.RequestOptions, body?: Buffer): Promise<string> {
  const request = https.request({ host: '127.0.0.1', ca: cert, ...options });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return text(response);
}

it('encrypts what goes over sockets of the loop, and knows their addresses', async () => {
  const { server, port } = await serve((request, response) => {
    const { remoteAddress, remoteFamily, localPort, encrypted } = request.socket as TLSSocket;
    response.end(JSON.stringify({ remoteAddress, remoteFamily, localPort, encrypted }));
  });
  const connection = once(server, 'connection') as Promise<[NodeSocket]>;
  expect(JSON.parse(await fetched({ port }))).toEqual({
    remoteAddress: '127.0.0.1',
    remoteFamily: 'IPv4',
    localPort: port,
    encrypted: true,
  });
  expect((await connection)[0]).toBeInstanceOf(Socket);
});

it('keeps connections, and carries large bodies unchanged', async () => {
  const sockets = new Set<unknown>();
  const { port } = await serve((request, response) => {
    sockets.add(request.socket);
    const sum = createHash('sha256');
    request.on('data', (chunk) => sum.update(chunk));
    request.on('end', () => response.end(sum.digest('hex')));
  });
  const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
  for (const size of [1, 1000, 100_000, 10_000_000]) {
    const body = randomBytes(size);
    const sum = createHash('sha256').update(body).digest('hex');
    expect(await fetched({ port, agent, method: 'POST' }, body)).toBe(sum);
  }
  agent.destroy();
  expect(sockets.size).toBe(1);
});

it.skipIf(!hasOpenssl)('talks to openssl s_client (skipped where openssl is not installed)', async () => {
  const { port } = await serve((_request, response) => response.end('hello openssl'));
  const running = execFile('openssl', ['s_client', '-connect', `127.0.0.1:${port}`, '-quiet', '-no_ign_eof']);
  let output = '';
  running.stdout?.on('data', (chunk) => {
    output += chunk;
  });
  running.stdin?.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  await once(running, 'close');
  expect(output).toMatch(/^HTTP\/1.1 200 OK[\s\S]*hello openssl/);
});

it('reports a client that does not speak TLS, and goes on', async () => {
  const { server, port } = await serve((_request, response) => response.end('ok'));
  const failed = once(server, 'tlsClientError') as Promise<[NodeJS.ErrnoException]>;
  const plain = await RawClient.open(port);
  plain.socket.end('GET / HTTP/1.1\r\nHost: x\r\n\r\n');
  expect((await failed)[0].code).toBe('ERR_SSL_HTTP_REQUEST');
  expect(await fetched({ port, agent: false })).toBe('ok');
});

it('reports a client that goes away during the handshake', async () => {
  const { server, port } = await serve((_request, response) => response.end('ok'));
  const failed = once(server, 'tlsClientError') as Promise<[NodeJS.ErrnoException]>;
  const socket = tlsConnect({ port, host: '127.0.0.1', ca: cert });
  socket.on('error', () => {});
  await once(server, 'connection');
  socket.destroy();
  expect((await failed)[0].code).toBe('ECONNRESET');
});

it('closes when its connections are done', async () => {
  const { server, port } = await serve((_request, response) => response.end('ok'));
  const agent = new https.Agent({ keepAlive: true });
  expect(await fetched({ port, agent })).toBe('ok');
  await new Promise((resolve) => server.close(resolve));
  agent.destroy();
});

it('encrypts sockets that are wrapped later, of servers and of clients, and they know their addresses', async () => {
  const ends: unknown[] = [];
  const secured = (socket: TLSSocket): void => {
    const { remoteAddress, remotePort, remoteFamily, localAddress, localPort } = socket
      .setNoDelay()
      .unref()
      .ref();
    ends.push({ remoteAddress, remotePort, remoteFamily, localAddress, localPort });
  };
  const server = net.createServer((socket) => {
    // As protocols do that begin in the clear, and as servers with a protocol below TLS.
    socket.once('data', (line) => {
      expect(String(line)).toBe('STARTTLS');
      const secureContext = createSecureContext({ key, cert });
      const encrypted = new TLSSocket(socket, { isServer: true, secureContext });
      encrypted.once('secure', () => secured(encrypted));
      encrypted.pipe(encrypted);
      socket.write('go on');
    });
  });
  const port = await listening(server);
  const plain = net.connect(port, '127.0.0.1');
  await once(plain, 'connect');
  const { localPort } = plain;
  plain.write('STARTTLS');
  expect(String((await once(plain, 'data'))[0])).toBe('go on');
  const client = tlsConnect({ socket: plain, ca: cert, servername: 'localhost' });
  await once(client, 'secureConnect');
  secured(client);
  client.end('there and back');
  expect(await text(client)).toBe('there and back');
  const address = { remoteAddress: '127.0.0.1', remoteFamily: 'IPv4', localAddress: '127.0.0.1' };
  expect(ends).toHaveLength(2);
  expect(ends).toContainEqual({ ...address, remotePort: localPort, localPort: port });
  expect(ends).toContainEqual({ ...address, remotePort: port, localPort });
});
