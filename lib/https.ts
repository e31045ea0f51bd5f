/**
 * node:https on the kevent loop: Node's own classes, its own TLS and its own parser, on connections of 'kevent/net'.
 * What is not named here is node:https's, unchanged: clients too, whose encryption Node does on its own sockets.
 *
 * Node encrypts on top of its own handles in C++, and on top of any other stream through JavaScript. So a connection
 * costs more here than with node:https: use it where that is worth one loop for all connections, and measure.
 *
 * @module kevent/https
 */
import https from 'node:https';

import { listenOnLoop } from './http/listening.js';
import { withReplacements } from './net/builtin.js';
import { listenWithReusePort } from './net/reuse_port.js';
import { subclass } from './net/subclass.js';

export * from 'node:https';

/**
 * `https.Server` whose connections are on the kevent loop. As with Node's own, `new` may be left out.
 *
 * @example
 * const server = new Server({ key, cert }, (request, response) => response.end('hello'));
 * server.listen(8443);
 */
export const Server: typeof https.Server = subclass(https.Server, 'Server', {
  listen: listenWithReusePort,
  _listen2: listenOnLoop,
});
export type Server = https.Server;

/**
 * A {@link Server}; arguments, events and errors are those of `https.createServer`.
 *
 * @example
 * createServer({ key, cert }, (request, response) => response.end('hello')).listen(8443);
 */
export const createServer: typeof https.createServer = (...args: unknown[]) =>
  Reflect.construct(Server, args);

/** node:https, with what is above in its place: as `import https from` and `require()` give it. */
const keventHttps = withReplacements(https, {
  Server,
  createServer,
  // The clients are Node's, and so is their agent.
  get globalAgent(): https.Agent {
    return https.globalAgent;
  },
  set globalAgent(agent: https.Agent) {
    https.globalAgent = agent;
  },
});

/**
 * The types of node:https, for who writes `https.Server` after `import https from`.
 *
 * @hidden
 */
declare namespace keventHttps {
  export type Server = https.Server;
  export type Agent = https.Agent;
  export type AgentOptions = https.AgentOptions;
  export type RequestOptions = https.RequestOptions;
  export type ServerOptions = https.ServerOptions;
}

export { keventHttps as default, keventHttps as 'module.exports' };
