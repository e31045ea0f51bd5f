import { once } from 'node:events';
import { IncomingMessage, type RequestListener, ServerResponse } from 'node:http';
import { connect } from 'node:net';
import express from 'express';
import { expect, it } from 'vitest';

import * as http from '../../lib/http.js';
import { fetched, listening } from './server.js';

interface Seen {
  readonly request: object;
  readonly response: object;
}

/** An Express application, and the prototypes of the messages that it was given. */
function application() {
  const app = express();
  const seen: Seen[] = [];
  const { handle } = app as unknown as { handle: RequestListener };
  Object.assign(app, {
    handle(...args: Parameters<RequestListener>) {
      seen.push({ request: Object.getPrototypeOf(args[0]), response: Object.getPrototypeOf(args[1]) });
      Reflect.apply(handle, app, args);
    },
  });
  app.get('/', (request, response) => {
    response.send(`${request.hostname} ${request instanceof IncomingMessage}`);
  });
  const own: Seen = { request: app.request, response: app.response };
  const nodes: Seen = { request: IncomingMessage.prototype, response: ServerResponse.prototype };
  return { app, seen, own, nodes };
}

it('an application that is alone is given messages with the prototypes that it would put on them', async () => {
  const { app, seen, own } = application();
  const port = await listening(http.createServer(app));
  expect((await fetched({ port })).body).toBe('127.0.0.1 true');
  expect((await fetched({ port, path: '/missing' })).response.statusCode).toBe(404);
  expect(seen.length).toBe(2);
  expect(seen[0]?.request).toBe(own.request);
  expect(seen[0]?.response).toBe(own.response);
});

it('a listener of which the application is a part is given messages of Node', async () => {
  const { app, seen, nodes } = application();
  const port = await listening(http.createServer((request, response) => void app(request, response)));
  expect((await fetched({ port })).body).toBe('127.0.0.1 true');
  expect(seen[0]?.request).toBe(nodes.request);
  expect(seen[0]?.response).toBe(nodes.response);
});

it('whoever listens for requests later is given messages of Node', async () => {
  const { app, seen, own, nodes } = application();
  const server = http.createServer(app);
  const port = await listening(server);
  await fetched({ port });
  const others: object[] = [];
  server.prependListener('request', (request) => others.push(Object.getPrototypeOf(request)));
  await fetched({ port });
  expect(seen.map(({ request }) => request === own.request)).toEqual([true, false]);
  expect(others[0]).toBe(nodes.request);
});

it('a request that is an upgrade is one of Node', async () => {
  const { app, seen, nodes } = application();
  const server = http.createServer(app);
  const upgraded = once(server, 'upgrade');
  const port = await listening(server);
  connect(port, '127.0.0.1').write('GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: b\r\n\r\n');
  const [request, socket] = await upgraded;
  expect(Object.getPrototypeOf(request)).toBe(nodes.request);
  socket.destroy();
  expect(seen).toEqual([]);
});

it('classes of messages that a server was given are left alone', async () => {
  class Request extends IncomingMessage {}
  const { app, seen } = application();
  const port = await listening(http.createServer({ IncomingMessage: Request }, app));
  expect((await fetched({ port })).body).toBe('127.0.0.1 true');
  expect(seen[0]?.request).toBe(Request.prototype);
});
