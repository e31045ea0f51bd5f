/**
 * node:http2 on the kevent loop: Node's own sessions and streams, on connections of 'kevent/net'. What is not
 * named here is node:http2's, unchanged: `connect` too.
 *
 * Node reads and writes its own handles in C++, and any other stream through JavaScript. So a session costs more here
 * than with node:http2: use it where that is worth one loop for all connections, and measure.
 *
 * @module kevent/http2
 */
import http2 from 'node:http2';

import { listenOnLoop } from './http/listening.js';
import { withReplacements } from './net/builtin.js';

export * from 'node:http2';

/** Node does not export the classes of its HTTP/2 servers, so each server gets the method by itself. */
function onLoop<S extends object>(server: S): S {
  return Object.defineProperty(server, '_listen2', {
    value: listenOnLoop,
    writable: true,
    configurable: true,
  });
}

/**
 * `http2.createServer` whose connections are on the kevent loop.
 *
 * @example
 * createServer((request, response) => response.end('hello')).listen(8080);
 */
export const createServer: typeof http2.createServer = (...args: unknown[]) =>
  onLoop(Reflect.apply(http2.createServer, undefined, args));

/**
 * `http2.createSecureServer` whose connections are on the kevent loop.
 *
 * @example
 * createSecureServer({ key, cert }, (request, response) => response.end('hello')).listen(8443);
 */
export const createSecureServer: typeof http2.createSecureServer = (...args: unknown[]) =>
  onLoop(Reflect.apply(http2.createSecureServer, undefined, args));

/** node:http2, with what is above in its place: as `import http2 from` and `require()` give it. */
const keventHttp2 = withReplacements(http2, { createServer, createSecureServer });

export { keventHttp2 as default, keventHttp2 as 'module.exports' };
