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
import { listenWithReusePort } from './net/reuse_port.js';

export * from 'node:http2';

/** Node does not export the classes of its HTTP/2 servers, so each server gets the method by itself. */
function onLoop<S extends object>(server: S): S {
  return Object.defineProperties(server, {
    _listen2: { value: listenOnLoop, writable: true, configurable: true },
    listen: { value: listenWithReusePort, writable: true, configurable: true },
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

/**
 * The types of node:http2, for who writes `http2.Http2Server` after `import http2 from`.
 *
 * @hidden
 */
declare namespace keventHttp2 {
  export type Http2Server = http2.Http2Server;
  export type Http2SecureServer = http2.Http2SecureServer;
  export type Http2ServerRequest = http2.Http2ServerRequest;
  export type Http2ServerResponse = http2.Http2ServerResponse;
  export type Http2Session = http2.Http2Session;
  export type Http2Stream = http2.Http2Stream;
  export type ClientHttp2Session = http2.ClientHttp2Session;
  export type ClientHttp2Stream = http2.ClientHttp2Stream;
  export type ServerHttp2Session = http2.ServerHttp2Session;
  export type ServerHttp2Stream = http2.ServerHttp2Stream;
  export type ClientSessionOptions = http2.ClientSessionOptions;
  export type ClientSessionRequestOptions = http2.ClientSessionRequestOptions;
  export type IncomingHttpHeaders = http2.IncomingHttpHeaders;
  export type OutgoingHttpHeaders = http2.OutgoingHttpHeaders;
  export type SecureClientSessionOptions = http2.SecureClientSessionOptions;
  export type SecureServerOptions = http2.SecureServerOptions;
  export type ServerOptions = http2.ServerOptions;
  export type ServerStreamResponseOptions = http2.ServerStreamResponseOptions;
  export type SessionOptions = http2.SessionOptions;
  export type Settings = http2.Settings;
}

export { keventHttp2 as default, keventHttp2 as 'module.exports' };
