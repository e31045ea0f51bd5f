import type { IncomingMessage, ServerResponse } from 'node:http';
import * as nodeHttp from 'node:http';
import { finished } from 'node:stream';
import { expect, it } from 'vitest';

import * as keventHttp from '../../lib/http.js';
import { listening, RawClient, text } from './server.js';

type Note = (what: string) => void;
type Handler = (request: IncomingMessage, response: ServerResponse, note: Note) => void;

const GET = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const REQUESTS = 5;

const heard =
  (request: IncomingMessage, note: Note, ...events: string[]): (() => void) =>
  () => {
    for (const event of events) request.on(event, () => note(event));
  };

/** What a handler does that never reads its request, and answers. */
const handlers: Record<string, Handler> = {
  'looks at it in "finish"': (request, response, note) => {
    response.on('finish', () => note(`${request.readableEnded} ${request.destroyed} ${request.closed}`));
    response.end(';');
  },
  'listens to it in "finish"': (request, response, note) => {
    response.on('finish', heard(request, note, 'end', 'close'));
    response.end(';');
  },
  'listens to it in the callback of end()': (request, response, note) => {
    response.end(';', heard(request, note, 'end', 'close'));
  },
  'listens to it in "close" of the response': (request, response, note) => {
    response.on('close', heard(request, note, 'end', 'close'));
    response.end(';');
  },
  'listens to it in ticks after "finish"': (request, response, note) => {
    response.on('finish', () => process.nextTick(() => process.nextTick(heard(request, note, 'close'))));
    response.end(';');
  },
  'waits for its end in "finish"': (request, response, note) => {
    response.on('finish', () => finished(request, (error) => note(String(error))));
    response.end(';');
  },
  'waits for its end once the response is finished': (request, response, note) => {
    finished(response, () => finished(request, (error) => note(String(error))));
    response.end(';');
  },
  'reads it in "finish"': (request, response, note) => {
    response.on('finish', async () => note(await text(request).catch((error) => error.code)));
    response.end(';');
  },
  'listens to it from the beginning': (request, response, note) => {
    heard(request, note, 'resume', 'end', 'close')();
    response.end(';');
  },
  'destroys it in "finish"': (request, response, note) => {
    response.on('finish', () => note(String(request.destroy().destroyed)));
    response.end(';');
  },
  'has methods of its own on it': (request, response, note) => {
    const { _destroy: destroy } = request;
    request._destroy = (...args) => {
      note('_destroy');
      destroy.apply(request, args);
    };
    response.end(';');
  },
  'only answers': (_request, response) => void response.end(';'),
  'answers in pieces': (_request, response) => {
    response.write('a');
    response.write('b');
    response.end(';');
  },
};

/** What was noted, and what state the requests are left in. */
async function notes(http: typeof nodeHttp, handle: Handler): Promise<unknown> {
  const noted: string[][] = [];
  const requests: IncomingMessage[] = [];
  const server = http.createServer((request, response) => {
    const list: string[] = [];
    noted.push(list);
    requests.push(request);
    handle(request, response, (what) => list.push(what));
  });
  const client = await RawClient.open(await listening(server));
  for (let i = 0; i < REQUESTS && !client.ended; i++) {
    client.received = '';
    client.socket.write(GET);
    await client.until(({ received, ended }) => ended || received.includes(';'));
  }
  while (requests.some(({ closed }) => !closed)) await new Promise((resolve) => setImmediate(resolve));
  await new Promise((resolve) => setImmediate(resolve));
  return {
    noted,
    left: requests.map(({ readableEnded, destroyed, closed, complete, aborted, errored }) => ({
      ...{ readableEnded, destroyed, closed, complete, aborted, errored },
    })),
  };
}

it.each(Object.entries(handlers))(
  'ends a request that nobody reads as node:http does, for a handler that %s',
  async (_name, handle) => {
    const expected = await notes(nodeHttp, handle);
    expect(await notes(keventHttp as unknown as typeof nodeHttp, handle)).toEqual(expected);
  },
);
