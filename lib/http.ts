/**
 * node:http on the kevent loop: Node's own classes and its own parser, fed by the sockets of 'kevent/net'. What is
 * not named here is node:http's, unchanged.
 *
 * `import http from 'kevent/http'` and `require('kevent/http')` give one object, as with node:http. What is assigned to
 * its `globalAgent` is the agent of {@link request} and {@link get} from then on; that of node:http is another.
 *
 * @module kevent/http
 */
import http from 'node:http';

import { listenOnLoop } from './http/listening.js';
import { type RequestArguments, withDefaultAgent } from './http/request_arguments.js';
import { sendFile } from './http/send_file.js';
import { connect } from './http/sockets.js';
import { withReplacements } from './net/builtin.js';
import { listenWithReusePort } from './net/reuse_port.js';
import { subclass } from './net/subclass.js';

export * from 'node:http';
export { type SendFileOptions, sendFile } from './http/send_file.js';

/**
 * `http.Server` whose connections are on the kevent loop. As with Node's own, `new` may be left out.
 *
 * @example
 * const server = new Server((request, response) => response.end('hello'));
 * server.listen(8080);
 */
export const Server: typeof http.Server = subclass(http.Server, 'Server', {
  listen: listenWithReusePort,
  _listen2: listenOnLoop,
});
export type Server<
  Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
  Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse,
> = http.Server<Request, Response>;

/**
 * A {@link Server}; arguments, events and errors are those of `http.createServer`.
 *
 * @example
 * createServer((request, response) => response.end('hello')).listen(8080);
 */
export const createServer: typeof http.createServer = (...args: unknown[]) => Reflect.construct(Server, args);

/**
 * `http.Agent` whose connections are on the kevent loop.
 *
 * @example
 * const agent = new Agent({ keepAlive: true, maxSockets: 10 });
 * get('http://localhost:8080/', { agent });
 */
export const Agent: typeof http.Agent = subclass(http.Agent, 'Agent', { createConnection: connect });
export type Agent = http.Agent;

/** The agent of {@link request} and {@link get} when none is given. Node's own `http.globalAgent` is another. */
export let globalAgent: http.Agent = Reflect.construct(Agent, [
  { keepAlive: true, scheduling: 'lifo', timeout: 5000 },
]);

/**
 * `http.request` with {@link globalAgent}, unless told otherwise.
 *
 * @example
 * const sent = request('http://localhost:8080/', { method: 'POST' }, (response) => response.resume());
 * sent.end('body');
 */
export const request: typeof http.request = (...args: unknown[]) =>
  Reflect.construct(http.ClientRequest, withDefaultAgent(args as unknown as RequestArguments, globalAgent));

/**
 * `http.get` with {@link globalAgent}, unless told otherwise.
 *
 * @example
 * get('http://localhost:8080/', (response) => response.pipe(process.stdout));
 */
export const get: typeof http.get = (...args: unknown[]) => {
  const sent: http.ClientRequest = Reflect.apply(request, undefined, args);
  sent.end();
  return sent;
};

/** What node:http has not. */
export interface Additions {
  /** See {@link sendFile}. */
  sendFile: typeof sendFile;
}

/** node:http, with what is above in its place: as `import http from` and `require()` give it, to be changed like that. */
const keventHttp = withReplacements(http as typeof http & Additions, {
  Server,
  createServer,
  Agent,
  request,
  get,
  sendFile,
  get globalAgent(): http.Agent {
    return globalAgent;
  },
  set globalAgent(agent: http.Agent) {
    globalAgent = agent;
  },
});

/**
 * The types of node:http, for who writes `http.IncomingMessage` after `import http from`.
 *
 * @hidden
 */
declare namespace keventHttp {
  export type Server<
    Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
    Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse,
  > = http.Server<Request, Response>;
  export type ServerResponse<Request extends http.IncomingMessage = http.IncomingMessage> =
    http.ServerResponse<Request>;
  export type RequestListener<
    Request extends typeof http.IncomingMessage = typeof http.IncomingMessage,
    Response extends typeof http.ServerResponse<InstanceType<Request>> = typeof http.ServerResponse,
  > = http.RequestListener<Request, Response>;
  export type IncomingMessage = http.IncomingMessage;
  export type Agent = http.Agent;
  export type AgentOptions = http.AgentOptions;
  export type ClientRequest = http.ClientRequest;
  export type ClientRequestArgs = http.ClientRequestArgs;
  export type IncomingHttpHeaders = http.IncomingHttpHeaders;
  export type InformationEvent = http.InformationEvent;
  export type OutgoingHttpHeader = http.OutgoingHttpHeader;
  export type OutgoingHttpHeaders = http.OutgoingHttpHeaders;
  export type OutgoingMessage = http.OutgoingMessage;
  export type RequestOptions = http.RequestOptions;
  export type ServerOptions = http.ServerOptions;
}

export { keventHttp as default, keventHttp as 'module.exports' };
