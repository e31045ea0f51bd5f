import { createRequire } from 'node:module';
import nodeNet from 'node:net';
import { TLSSocket } from 'node:tls';
import { expect, it } from 'vitest';

import http, * as httpNames from '../../lib/http.js';
import http2 from '../../lib/http2.js';
import https from '../../lib/https.js';
import net, * as netNames from '../../lib/net.js';

const require = createRequire(import.meta.url);

it.each([
  { name: 'net', module: net },
  { name: 'http', module: http },
  { name: 'https', module: https },
  { name: 'http2', module: http2 },
])('kevent/$name: the default export has all that node:$name has', ({ name, module }) => {
  const builtin: object = require(`node:${name}`);
  expect(Reflect.ownKeys(module)).toEqual(expect.arrayContaining(Reflect.ownKeys(builtin)));
  expect(module).not.toBe(builtin);
});

it('the default export and the named ones are the same', () => {
  expect(net.Socket).toBe(netNames.Socket);
  expect(net.createServer).toBe(netNames.createServer);
  expect(net.isIP).toBe(nodeNet.isIP);
  expect(http.createServer).toBe(httpNames.createServer);
});

it('globalAgent can be assigned, and is what requests use from then on', () => {
  const before = http.globalAgent;
  const agent = new http.Agent();
  try {
    http.globalAgent = agent;
    expect(httpNames.globalAgent).toBe(agent);
    const request = http.request({ host: '127.0.0.1', port: 1 });
    request.on('error', () => {});
    expect((request as { agent?: unknown }).agent).toBe(agent);
    request.destroy();
  } finally {
    http.globalAgent = before;
  }
});

it("Node's TLSSocket is a net.Socket, but not one of a class that extends it", () => {
  class Extended extends net.Socket {}
  const socket = new TLSSocket(new net.Socket());
  expect(socket instanceof net.Socket).toBe(true);
  expect(socket instanceof Extended).toBe(false);
  expect(new Extended() instanceof net.Socket).toBe(true);
  expect({} instanceof net.Socket).toBe(false);
});

it('types are found behind the default exports, as behind those of node: npm run types', () => {
  const serve = (request: http.IncomingMessage, response: http.ServerResponse) => response.end(request.url);
  class OwnAgent extends http.Agent {}
  const servers: [net.Server, http.Server, https.Server, http2.Http2Server] = [
    net.createServer((socket: net.Socket) => socket.end()),
    http.createServer(serve satisfies http.RequestListener),
    https.createServer({} satisfies https.ServerOptions, serve),
    http2.createServer((_request: http2.Http2ServerRequest, response: http2.Http2ServerResponse) =>
      response.end(),
    ),
  ];
  for (const server of servers) expect(server.listening).toBe(false);
  expect(new OwnAgent()).toBeInstanceOf(http.Agent);
});
