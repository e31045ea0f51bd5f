// http.js MODULE hello|express|fastify
//
// An HTTP server that answers "Hello, world!", with MODULE: node:http, node:http2 (hello only), kevent/http or
// kevent/http2.
import { listening } from './commands.js';

const [module, framework] = process.argv.slice(2);
/** @type {typeof import('node:http')} */
const { createServer } = await import(module);

const HELLO = 'Hello, world!';

/** @type {Record<string, () => Promise<import('node:http').Server>>} */
const servers = {
  hello: async () =>
    createServer((_request, response) => {
      response.setHeader('content-type', 'text/plain');
      response.end(HELLO);
    }),
  express: async () => {
    const { default: express } = await import('express');
    const app = express();
    app.get('/', (_request, response) => {
      response.type('text/plain').send(HELLO);
    });
    return createServer(app);
  },
  fastify: async () => {
    const { default: fastify } = await import('fastify');
    /** @type {import('node:http').Server | undefined} */
    let server;
    const app = fastify({
      serverFactory: (handler) => {
        server = createServer(handler);
        return server;
      },
    });
    app.get('/', async (_request, reply) => {
      reply.type('text/plain');
      return HELLO;
    });
    await app.ready();
    if (server === undefined) throw new Error('fastify made no server');
    return server;
  },
};

const server = await servers[framework]();
server.listen(0, '0.0.0.0', () => {
  listening(/** @type {import('node:net').AddressInfo} */ (server.address()).port);
});
