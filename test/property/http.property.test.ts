import type { IncomingMessage, ServerOptions, ServerResponse } from 'node:http';
import * as nodeHttp from 'node:http';
import type { Socket } from 'node:net';
import fc from 'fast-check';
import { expect, it } from 'vitest';

import * as keventHttp from '../../lib/http.js';
import { listening, RawClient } from '../http/server.js';
import { type Bytes, connections } from './requests.js';

const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 1000);
/** Of the event loop: enough for a server of the same thread to answer what it can. */
const TURNS = 8;
/** How often both have to be as they were for a difference to be one: what depends on what comes together may differ. */
const AGAIN = 4;

/** Answers with all that it was told. PUT is answered before its body is read. */
function answer(request: IncomingMessage, response: ServerResponse): void {
  const { method, url, httpVersion, rawHeaders, headers } = request;
  const tell = (body?: Bytes): void => {
    const { rawTrailers, trailers } = request;
    const all = { method, url, httpVersion, rawHeaders, headers, body, rawTrailers, trailers };
    response.end(JSON.stringify(all));
  };
  if (method === 'PUT') {
    tell();
    return;
  }
  let body = '';
  request.setEncoding('latin1');
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => tell(body));
}

/**
 * A server of node:http whose connections are streams: otherwise its parser takes the bytes before they become chunks,
 * and ticks run between the requests of one chunk.
 */
function nodeServer(options: ServerOptions): nodeHttp.Server {
  const server = nodeHttp.createServer(options, answer);
  server.on('connection', (socket: Socket) => {
    const look = (): void => {};
    socket.on('data', look).off('data', look);
  });
  return server;
}

/** What a client gets who sends this and then ends its half. */
async function received(port: number, pieces: readonly Bytes[]): Promise<Bytes> {
  const client = await RawClient.open(port, { allowHalfOpen: true });
  for (const piece of pieces) {
    if (!client.socket.destroyed) client.socket.write(piece, 'latin1');
    for (let turn = 0; turn < TURNS; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }
  client.socket.end();
  const all = await client.untilEnd();
  client.socket.destroy();
  return all.replaceAll(/Date: .*\r\n/g, '');
}

const OPTIONS: Record<string, ServerOptions> = {
  'as it is': {},
  'with little room for headers': { maxHeaderSize: 200 },
  'that is lenient': { insecureHTTPParser: true },
  'that joins headers': { joinDuplicateHeaders: true, requireHostHeader: false },
};

it.each(Object.entries(OPTIONS))(
  'whatever a client sends, a server %s answers as one of node:http does',
  async (_name, options) => {
    const node = await listening(nodeServer(options));
    const kevent = await listening(keventHttp.createServer(options, answer));
    const isSame = async (pieces: Bytes[]): Promise<void> => {
      const seen = { node: await received(node, pieces), kevent: await received(kevent, pieces) };
      for (let time = 0; time < AGAIN && seen.node !== seen.kevent; time += 1) {
        if ((await received(node, pieces)) !== seen.node) return;
        if ((await received(kevent, pieces)) !== seen.kevent) return;
      }
      expect(seen.kevent).toBe(seen.node);
    };
    await fc.assert(fc.asyncProperty(connections, isSame), { numRuns: RUNS });
  },
  120_000,
);
