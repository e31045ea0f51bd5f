// biome-ignore-all lint/style/useNodejsImportProtocol: how it is done without is what this is for
// Servers of every module of Node's, imported in every way of ES modules, each asked once.
import { once } from 'node:events';
import http, { createServer as createHttpServer } from 'node:http';
import * as http2 from 'node:http2';
import https from 'node:https';
import tls from 'node:tls';
import { connect, createServer as createNetServer } from 'net';
import { cert, key } from '../../http/certificate.js';
import { report } from './report.js';

/** @type {Record<string, string>} */
const answers = {};

/**
 * @param {string} name
 * @param {import('node:net').Server} server
 * @param {(port: number) => Promise<string>} ask
 */
async function serve(name, server, ask) {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  answers[name] = await ask(port);
  server.close();
  await once(server, 'close');
}

/** @param {AsyncIterable<unknown>} stream */
async function text(stream) {
  let all = '';
  for await (const chunk of stream) all += chunk;
  return all;
}

/** @param {import('node:http').ClientRequest} request */
async function answer(request) {
  const [response] = await once(request, 'response');
  return text(response);
}

await serve(
  'net',
  createNetServer((socket) => socket.end('net')),
  (port) => text(connect(port, '127.0.0.1')),
);
await serve(
  'http',
  createHttpServer((_request, response) => response.end('http')),
  (port) => answer(http.get({ port, host: '127.0.0.1', agent: false })),
);
await serve(
  'https',
  https.createServer({ key, cert }, (request, response) => response.end(request.socket.remoteAddress)),
  (port) => answer(https.get({ port, host: '127.0.0.1', ca: cert, agent: false })),
);
await serve(
  'tls',
  tls.createServer({ key, cert }, (socket) => socket.end('tls')),
  (port) => text(tls.connect({ port, host: '127.0.0.1', ca: cert })),
);
for (const [name, server] of /** @type {const} */ ([
  ['http2', http2.createServer((_request, response) => response.end('http2'))],
  ['http2s', http2.createSecureServer({ key, cert }, (_request, response) => response.end('http2s'))],
])) {
  await serve(name, server, async (port) => {
    const session = http2.connect(`${name === 'http2' ? 'http' : 'https'}://localhost:${port}`, { ca: cert });
    const received = await text(session.request({}));
    session.close();
    return received;
  });
}
report({ answers });
