import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import * as node from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, expect, it } from 'vitest';

import * as kevent from '../../lib/http.js';
import { signal } from '../net/listening.js';

type Http = Pick<typeof node, 'createServer'>;
/** What a program sees, with one module or the other. */
type Program = (http: Http, told: (...what: unknown[]) => void) => Promise<void>;

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const LARGE = 17_000;

const open = new Set<{ destroy(): void } | node.Server>();
afterEach(() => {
  for (const one of open) {
    if ('destroy' in one) one.destroy();
    else one.closeAllConnections();
  }
  open.clear();
});

async function serve(
  http: Http,
  handler: node.RequestListener,
  options: node.ServerOptions = {},
): Promise<{ server: node.Server; dial(): Promise<Socket> }> {
  const server = http.createServer(options, handler).listen(0, '127.0.0.1');
  open.add(server);
  await once(server, 'listening');
  return {
    server,
    async dial() {
      const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
      open.add(socket);
      socket.on('error', () => {});
      await once(socket, 'connect');
      return socket;
    },
  };
}

/** All that comes until the end. */
async function all(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk) => {
    text += chunk;
  });
  await once(socket, 'close');
  return text.replace(/Date: [^\r]*/g, 'Date');
}

async function answered(socket: Socket, times = 1): Promise<void> {
  for (let i = 0; i < times; i += 1) await once(socket, 'data');
}

const LOST: Record<string, node.RequestListener> = {
  'a refusal behind 100 Continue': (request, response) => {
    response.writeHead(413, { Connection: 'close' });
    response.end('too large');
    request.destroy();
  },
  'a large body': (request, response) => {
    response.end(Buffer.alloc(LARGE, 'd'));
    request.destroy();
  },
  'a body behind its flushed head': (request, response) => {
    response.setHeader('Content-Length', 5);
    response.flushHeaders();
    response.end('hello');
    request.destroy();
  },
  'what is written to the socket twice': ({ socket }) => {
    socket.write('A');
    socket.write('B');
    socket.destroy();
  },
};

const PROGRAMS: Record<string, Program> = {
  ...Object.fromEntries(
    Object.entries(LOST).map(([name, handler]): [string, Program] => [
      `${name} is sent before the connection is destroyed`,
      async (http, told) => {
        const socket = await (await serve(http, handler)).dial();
        socket.write('POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: 99999\r\n\r\n');
        told(await all(socket));
      },
    ]),
  ),

  'server.close() cuts off no response of another connection': async (http, told) => {
    const { server, dial } = await serve(http, (request, response) => {
      if (request.url === '/close') server.close();
      response.end(request.url === '/close' ? 'closing' : Buffer.alloc(LARGE, 'd'));
    });
    const [one, other] = [await dial(), await dial()];
    const received = all(one);
    one.write(GET);
    other.resume().write(GET.replace('/', '/close'));
    told((await received).length);
  },

  'a request that comes with the end of its connection is answered in an immediate': async (http, told) => {
    const { dial } = await serve(http, (_, response) => void setImmediate(() => response.end('ok')));
    const socket = await dial();
    socket.end('GET / HTTP/1.0\r\nHost: x\r\n\r\n');
    told(await all(socket));
  },

  'the end of a response is told in the context of its request': async (http, told) => {
    const storage = new AsyncLocalStorage<string>();
    for (const size of [100, LARGE]) {
      const { dial } = await serve(http, (_, response) => {
        storage.run('request', () => {
          response.on('finish', () => told(size, 'finish', storage.getStore()));
          response.on('close', () => told(size, 'close', storage.getStore()));
          response.end(Buffer.alloc(size), () => told(size, 'end', storage.getStore()));
        });
      });
      const socket = await dial();
      const received = all(socket);
      socket.end(GET.replace('\r\n\r\n', '\r\nConnection: close\r\n\r\n'));
      await received;
    }
  },

  'every request of a connection is in the context of listen()': async (http, told) => {
    const storage = new AsyncLocalStorage<string>();
    const { dial } = await storage.run('listen', () =>
      serve(http, (_, response) => {
        told(storage.getStore());
        response.end('x');
      }),
    );
    const socket = await dial();
    for (let i = 0; i < 4; i += 1) {
      socket.write(GET);
      await answered(socket);
    }
  },

  'a lenient parser gives nobody the headers of others': async (http, told) => {
    const handler: node.RequestListener = (request, response) => {
      told(...request.rawHeaders);
      response.end('x');
    };
    const { dial } = await serve(http, handler, { insecureHTTPParser: true });
    const normal = 'GET /x HTTP/1.1\r\nHost: x\r\nUser: 1\r\n\r\n';
    const attacker = await dial();
    attacker.write('GET /x HTTP/1.1\r\nHost: x\r\nAdmin: 1\r\n\r'); // and no last \n
    await new Promise((resolve) => setImmediate(resolve));
    attacker.write(normal);
    await answered(attacker);
    const victim = await dial();
    for (let i = 0; i < 3; i += 1) {
      victim.write(normal);
      await answered(victim);
    }
  },

  'a lenient parser loses no request behind another': async (http, told) => {
    let requests = 0;
    const { promise, resolve } = signal();
    const handler: node.RequestListener = (request, response) => {
      told(request.url);
      response.end('x');
      requests += 1;
      if (requests === 6) resolve();
    };
    const { dial } = await serve(http, handler, { insecureHTTPParser: true });
    const socket = (await dial()).resume();
    for (let i = 0; i < 3; i += 1) {
      socket.write('GET /1 HTTP/1.1\r\nHost: b\nC: d\n\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n');
      await answered(socket);
    }
    await promise;
  },

  'what is written is counted before it is sent': async (http, told) => {
    const { dial } = await serve(http, ({ socket }, response) => {
      response.write('hello');
      told(socket.bytesWritten);
      response.end('and more');
      told(socket.bytesWritten);
    });
    const socket = await dial();
    socket.write(GET);
    await answered(socket);
  },

  'a timeout has to be a number': async (http, told) => {
    const { dial } = await serve(http, ({ socket }, response) => {
      for (const value of [null, '5'] as unknown as number[]) {
        try {
          socket.setTimeout(value);
        } catch (error) {
          told((error as NodeJS.ErrnoException).code);
        }
      }
      response.end();
    });
    const socket = await dial();
    socket.write(GET);
    await answered(socket);
  },

  'a write that is sent succeeds, though its socket is destroyed': async (http, told) => {
    const { dial } = await serve(http, ({ socket }) => {
      socket.write('x', (error) => told(error ?? null));
      socket.destroy();
    });
    const socket = await dial();
    socket.write(GET);
    told(await all(socket));
  },
};

it.each(Object.keys(PROGRAMS))('%s, as with node:http', async (name) => {
  const run = async (http: Http): Promise<unknown[]> => {
    const seen: unknown[] = [];
    await PROGRAMS[name]?.(http, (...what) => seen.push(what));
    return seen;
  };
  const expected = await run(node);
  expect(expected.length).toBeGreaterThan(0);
  expect(await run(kevent as unknown as Http)).toEqual(expected);
});
