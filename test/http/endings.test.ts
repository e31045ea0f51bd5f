import { once } from 'node:events';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { connect, type Socket as NodeSocket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';

import * as http from '../../lib/http.js';
import { fetched, listening, RawClient, serve, text } from './server.js';

function connections(server: Server): Promise<number> {
  return new Promise((resolve, reject) =>
    server.getConnections((error, count) => (error ? reject(error) : resolve(count))),
  );
}

it('tells a handler that its client is gone', async () => {
  const { server, port } = await serve(undefined);
  const requested = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
  const client = await RawClient.open(port);
  client.send('POST / HTTP/1.1', 'Host: x', 'Content-Length: 10', '', 'half');
  const [request, response] = await requested;
  const aborted = once(request, 'aborted');
  const failed = once(request, 'error') as Promise<[NodeJS.ErrnoException]>;
  const closed = once(response, 'close');
  request.resume();
  client.socket.destroy();
  await aborted;
  expect((await failed)[0].code).toBe('ECONNRESET');
  await closed;
  expect(response.writableFinished).toBe(false);
  expect(request.destroyed).toBe(true);
});

it('survives clients that reset in the middle of a response', async () => {
  const { server, port } = await serve((_request, response) => {
    const more = (): void => {
      while (!response.destroyed && response.write(Buffer.alloc(65536))) {}
    };
    response.on('drain', more);
    more();
  });
  for (let i = 0; i < 20; i++) {
    const requested = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
    const client = await RawClient.open(port);
    client.send('GET / HTTP/1.1', 'Host: x', '');
    const [, response] = await requested;
    const closed = once(response, 'close');
    await client.untilReceived('200 OK');
    client.socket.resetAndDestroy();
    await closed;
  }
  while ((await connections(server)) > 0) await wait(1);
});

it('tells a client that its server is gone', async () => {
  const { port } = await serve((_request, response) => {
    response.writeHead(200, { 'Content-Length': 100 });
    response.write('half');
    setImmediate(() => response.destroy());
  });
  const request = http.get({ port, host: '127.0.0.1' });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  await expect(text(response)).rejects.toMatchObject({ code: 'ECONNRESET' });
});

it('tells a client that was not answered', async () => {
  const { port } = await serve((request) => request.socket.destroy());
  const request = http.get({ port, host: '127.0.0.1' });
  const [error] = (await once(request, 'error')) as [NodeJS.ErrnoException];
  expect(error.code).toBe('ECONNRESET');
});

it('tells a client that nobody listens', async () => {
  const { server, port } = await serve(undefined);
  await new Promise((resolve) => server.close(resolve));
  const [error] = (await once(http.get({ port, host: '127.0.0.1' }), 'error')) as [NodeJS.ErrnoException];
  expect(error).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', port });
});

it('lets a client abort by a signal, and the server see it', async () => {
  const { server, port } = await serve(undefined);
  const requested = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
  const ending = new AbortController();
  const request = http.get({ port, host: '127.0.0.1', signal: ending.signal });
  const failed = once(request, 'error') as Promise<[Error]>;
  const [, response] = await requested;
  const closed = once(response, 'close');
  ending.abort();
  expect((await failed)[0].name).toBe('AbortError');
  await closed;
});

it('ends a connection whose header does not come in time', async () => {
  const { port } = await serve((_request, response) => response.end('too late'), {
    headersTimeout: 100,
    requestTimeout: 1000,
    connectionsCheckingInterval: 20,
  });
  const client = await RawClient.open(port);
  client.socket.write('GET / HTTP/1.1\r\nHost: ');
  expect(await client.untilEnd()).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
});

it('ends a connection whose body does not come in time', async () => {
  const { port } = await serve((request) => void request.resume(), {
    headersTimeout: 100,
    requestTimeout: 200,
    connectionsCheckingInterval: 20,
  });
  const client = await RawClient.open(port);
  client.send('POST / HTTP/1.1', 'Host: x', 'Content-Length: 10', '', 'half');
  expect(await client.untilEnd()).toMatch(/^HTTP\/1.1 408 Request Timeout\r\n/);
});

it('closes a connection that was kept for keepAliveTimeout and not used', async () => {
  const { port } = await serve((_request, response) => response.end('ok'), { keepAliveTimeout: 1000 });
  const idle = await RawClient.open(port);
  idle.send('GET / HTTP/1.1', 'Host: x', '');
  expect(await idle.untilReceived('ok')).toContain('Keep-Alive: timeout=1');
  await idle.untilEnd();
});

it('emits timeout for a connection that is silent, and destroys it if nobody listens', async () => {
  const { server, port } = await serve(undefined);
  server.setTimeout(100);
  const silent = await RawClient.open(port);
  await silent.untilEnd();
  server.on('timeout', (socket: NodeSocket) => socket.end('HTTP/1.1 408 Mine\r\n\r\n'));
  const answered = await RawClient.open(port);
  expect(await answered.untilEnd()).toBe('HTTP/1.1 408 Mine\r\n\r\n');
});

it('gives clients their timeouts', async () => {
  const { port } = await serve(() => {});
  const request = http.get({ port, host: '127.0.0.1', timeout: 100 });
  await once(request, 'timeout');
  const failed = once(request, 'error');
  request.destroy();
  await failed;
});

it('closes idle connections when the server closes, and busy ones when they are done', async () => {
  const { server, port } = await serve(undefined);
  const idle = await RawClient.open(port);
  const busy = await RawClient.open(port);
  const respond = (_request: IncomingMessage, response: ServerResponse): void => void response.end('ok');
  server.on('request', respond);
  idle.send('GET / HTTP/1.1', 'Host: x', '');
  await idle.untilReceived('ok');
  server.off('request', respond);
  const requested = once(server, 'request') as Promise<[IncomingMessage, ServerResponse]>;
  busy.send('GET / HTTP/1.1', 'Host: x', '');
  const [, response] = await requested;
  let done = false;
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      done = true;
      resolve();
    });
  });
  expect(server.listening).toBe(false);
  await idle.untilEnd();
  expect(done).toBe(false);
  response.end('busy');
  await busy.untilReceived('busy');
  busy.socket.end();
  await closed;
  await expect(RawClient.open(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

it('closes all connections, and is disposed of', async () => {
  const { server, port } = await serve(() => {});
  const requested = once(server, 'request');
  const client = await RawClient.open(port);
  client.send('GET / HTTP/1.1', 'Host: x', '');
  await requested;
  server.closeAllConnections();
  await client.untilEnd();
  await server[Symbol.asyncDispose]();
  expect(server.listening).toBe(false);
});

it('listens again after it was closed', async () => {
  const { server } = await serve((_request, response) => response.end('ok'));
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => server.close(resolve));
    const port = await listening(server);
    expect((await fetched({ port, agent: false })).body).toBe('ok');
  }
});

it('reports what cannot be listened on, and what does not run', async () => {
  const { port } = await serve(undefined);
  const second = http.createServer();
  second.listen(port, '127.0.0.1');
  const [error] = (await once(second, 'error')) as [NodeJS.ErrnoException];
  expect(error).toMatchObject({ code: 'EADDRINUSE', syscall: 'listen', port, address: '127.0.0.1' });
  expect(second.listening).toBe(false);
  const closing = await new Promise<NodeJS.ErrnoException | undefined>((resolve) => second.close(resolve));
  expect(closing?.code).toBe('ERR_SERVER_NOT_RUNNING');
});

it('drops what is over maxConnections', async () => {
  const { server, port } = await serve((_request, response) => response.end('ok'));
  server.maxConnections = 1;
  const first = await RawClient.open(port);
  first.send('GET / HTTP/1.1', 'Host: x', '');
  await first.untilReceived('ok');
  const dropped = once(server, 'drop') as Promise<[{ remotePort: number }]>;
  const second = await RawClient.open(port);
  const { localPort } = second.socket;
  expect((await dropped)[0].remotePort).toBe(localPort);
  await second.untilEnd();
  expect(await connections(server)).toBe(1);
});

it('answers what is not HTTP by 400, or lets clientError do it', async () => {
  const { server, port } = await serve(undefined);
  const first = await RawClient.open(port);
  first.socket.write('nonsense\r\n\r\n');
  expect(await first.untilEnd()).toMatch(/^HTTP\/1.1 400 Bad Request/);
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    socket.end(`HTTP/1.1 400 ${error.code}\r\n\r\n`);
  });
  const second = await RawClient.open(port);
  second.socket.write('nonsense\r\n\r\n');
  expect(await second.untilEnd()).toMatch(/^HTTP\/1.1 400 HPE_INVALID/);
});

it('refuses a header that is too long', async () => {
  const { port } = await serve((_request, response) => response.end());
  const client = await RawClient.open(port);
  client.send('GET / HTTP/1.1', 'Host: x', `X-Long: ${'x'.repeat(100_000)}`, '');
  expect(await client.untilReceived('\r\n\r\n')).toMatch(/^HTTP\/1.1 431/);
});

it('serves a thousand connections at once, and forgets all of them', async () => {
  const { server, port } = await serve((request, response) => response.end(request.url));
  const sockets: NodeSocket[] = [];
  for (let i = 0; i < 1000; i++) sockets.push(connect(port, '127.0.0.1'));
  await Promise.all(
    sockets.map(async (socket, i) => {
      socket.write(`GET /${i} HTTP/1.1\r\nHost: x\r\n\r\n`);
      let received = '';
      for await (const chunk of socket) {
        received += chunk;
        if (received.endsWith(`/${i}`)) break;
      }
    }),
  );
  while ((await connections(server)) > 0) await wait(1);
});
