import { once } from 'node:events';
import type { IncomingMessage, Server, ServerOptions, ServerResponse } from 'node:http';
import * as nodeHttp from 'node:http';
import type { Socket as NodeSocket } from 'node:net';
import { expect, it } from 'vitest';

import * as keventHttp from '../../lib/http.js';
import { listening, RawClient } from './server.js';

/** What one side of a connection does; what comes of it has to be the same with node:http and with kevent/http. */
interface Case {
  readonly options?: ServerOptions;
  readonly handle?: (request: IncomingMessage, response: ServerResponse, server: Server) => void;
  /** Until it is over. What it returns is compared too. */
  readonly act: (client: RawClient, begun: Promise<unknown>) => Promise<unknown>;
}

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n';
const ask =
  (...requests: string[]) =>
  async (client: RawClient): Promise<string> => {
    client.socket.write(requests.join(''));
    return client.untilEnd();
  };
const post = (length: number, body = ''): string =>
  `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${length}\r\n\r\n${body}`;
const closing = `${GET}Connection: close\r\n\r\n`;
const kept = `${GET}\r\n`;

const cases: Record<string, Case> = {
  'a client that leaves before it is answered': {
    handle: () => {},
    act: async (client, begun) => {
      client.socket.write(kept);
      await begun;
      client.socket.destroy();
    },
  },
  'a client that resets before it is answered': {
    handle: () => {},
    act: async (client, begun) => {
      client.socket.write(kept);
      await begun;
      client.socket.resetAndDestroy();
    },
  },
  'a client that leaves in the middle of its body': {
    handle: (request) => void request.resume(),
    act: async (client, begun) => {
      client.socket.write(post(10, 'half'));
      await begun;
      client.socket.destroy();
    },
  },
  'a client that leaves in the middle of the answer': {
    handle: (_request, response) => void response.write('half'),
    act: async (client) => {
      client.socket.write(kept);
      await client.untilReceived('half');
      client.socket.destroy();
    },
  },
  'a client that ends its half before it is answered': {
    handle: () => {},
    act: async (client) => {
      client.socket.end(kept);
      return client.untilEnd();
    },
  },
  'a request that is destroyed': { handle: (request) => void request.destroy(), act: ask(kept) },
  'a response that is destroyed': { handle: (_request, response) => void response.destroy(), act: ask(kept) },
  'a request that is destroyed with an error': {
    handle: (request) => void request.destroy(new Error('enough')),
    act: ask(kept),
  },
  'a response that is written and destroyed': {
    handle: (_request, response) => {
      response.write('half');
      response.destroy();
    },
    act: ask(kept),
  },
  'requests behind one that closes': {
    handle: (_request, response) => void response.setHeader('Connection', 'close').end('last'),
    act: ask(kept, kept, kept),
  },
  'nonsense behind a request': {
    handle: (_request, response) => void response.end('ok'),
    act: ask(kept, 'nonsense\r\n\r\n'),
  },
  'a response before the body': {
    handle: (_request, response) => void response.end('early'),
    act: async (client) => {
      client.socket.write(post(10, 'half'));
      await client.untilReceived('early');
      client.socket.write(`second${closing}`);
      return client.untilEnd();
    },
  },
  'more requests than a connection may have': {
    handle: (_request, response) => void response.end('ok'),
    act: async (client) => {
      client.socket.write(kept + kept + kept);
      return client.untilEnd();
    },
  },
  'a length and chunks': {
    act: ask(
      'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ),
  },
  'a header that is too long': {
    options: { maxHeaderSize: 500 },
    act: ask(`${GET}X-Long: ${'x'.repeat(1000)}\r\n\r\n`),
  },
  'a body where there is none': {
    handle: (_request, response) => void response.writeHead(304).end('body'),
    act: ask(closing),
  },
  'a response to HEAD': {
    handle: (_request, response) => void response.end('body'),
    act: ask('HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
  },
  'pieces that are corked': {
    handle: (_request, response) => {
      response.cork();
      response.write('a');
      response.write('b');
      response.uncork();
      response.end('c');
    },
    act: ask(closing),
  },
  'a server that closes while it answers': {
    handle: (_request, response, server) => {
      server.close();
      response.end('bye');
    },
    act: ask(kept),
  },
  'a socket that is taken from its response': {
    handle: (_request, response) => {
      const { socket } = response;
      if (socket === null) return;
      response.detachSocket(socket);
      socket.end('raw');
    },
    act: ask(kept),
  },
  'an upgrade that nobody listens for': {
    handle: (_request, response) => void response.end('plain'),
    act: ask(`${GET}Connection: close, Upgrade\r\nUpgrade: h2c\r\n\r\n`),
  },
};

/** What the client received, and the events of all that the server had of it, those of one object in their order. */
async function transcript(
  http: typeof nodeHttp,
  { options = {}, handle, act }: Case,
  before = 0,
): Promise<unknown> {
  const told: Record<string, string[]> = {};
  const note = (name: string, object: NodeJS.EventEmitter, ...events: string[]): void => {
    told[name] = [];
    for (const event of events) {
      object.on(event, (value) => {
        told[name]?.push(
          value instanceof Error ? `${event} ${(value as NodeJS.ErrnoException).code}` : event,
        );
      });
    }
  };
  let requests = 0;
  const over: Promise<unknown>[] = [];
  const server = http.createServer({ keepAliveTimeout: 100, ...options }, (request, response) => {
    requests++;
    note(`request ${requests}`, request, 'aborted', 'end', 'error', 'close');
    note(`response ${requests}`, response, 'prefinish', 'finish', 'close');
    if (requests <= before) response.end(`before ${requests};`);
    else handle?.(request, response, server);
  });
  server.maxRequestsPerSocket = before + 2;
  note('server', server, 'dropRequest');
  server.on('connection', (socket: NodeSocket) => {
    note('socket', socket, 'end', 'close');
    over.push(new Promise((resolve) => socket.once('close', resolve)));
  });
  const port = await listening(server);
  const client = await RawClient.open(port);
  for (let i = 1; i <= before; i++) {
    client.socket.write(kept);
    await client.untilReceived(`before ${i};`);
  }
  const received = await act(client, once(server, 'request'));
  client.socket.destroy();
  await Promise.all(over);
  // Their requests and responses hear of that at once, or in a tick.
  await new Promise((resolve) => setImmediate(resolve));
  return {
    received: typeof received === 'string' ? received.replaceAll(/Date: .*\r\n/g, '') : received,
    failure: client.failure,
    told,
  };
}

it.each(Object.entries(cases))('has the bytes and the events of node:http for %s', async (_name, one) => {
  const expected = await transcript(nodeHttp, one);
  expect(await transcript(keventHttp as unknown as typeof nodeHttp, one)).toEqual(expected);
});

it.each(Object.entries(cases))(
  'has the bytes and the events of node:http for %s, behind others like it',
  async (_name, one) => {
    const expected = await transcript(nodeHttp, one, 3);
    expect(await transcript(keventHttp as unknown as typeof nodeHttp, one, 3)).toEqual(expected);
  },
);
