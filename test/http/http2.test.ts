import { execFile, spawnSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import type { ClientHttp2Session, ClientHttp2Stream, IncomingHttpHeaders } from 'node:http2';
import type { Socket as NodeSocket } from 'node:net';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

import { Socket } from '../../lib/http/sockets.js';
import * as http2 from '../../lib/http2.js';
import { get } from '../../lib/https.js';
import * as net from '../../lib/net.js';
import { cert, key } from './certificate.js';
import { listening, text } from './server.js';

const run = promisify(execFile);
const hasLoadClient = spawnSync('h2load', ['--version']).status === 0;

async function ask(session: ClientHttp2Session, headers: Record<string, string>): Promise<string> {
  const stream: ClientHttp2Stream = session.request(headers);
  let answer = '';
  // At once: Node 24 closes a stream that is done, and drops what is read of it later.
  stream.setEncoding('utf8').on('data', (chunk: string) => {
    answer += chunk;
  });
  stream.end();
  await once(stream, 'end');
  return answer;
}

describe.each([
  ['plain', 'http'],
  ['secure', 'https'],
] as const)('a %s HTTP/2 server', (_kind, scheme) => {
  const create = (listener?: Parameters<typeof http2.createServer>[1]): http2.Http2Server =>
    scheme === 'http' ? http2.createServer(listener) : http2.createSecureServer({ key, cert }, listener);
  const open = (port: number): ClientHttp2Session =>
    http2.connect(`${scheme}://localhost:${port}`, { ca: cert });

  it('answers many streams at once on one socket of the loop', async () => {
    const server = create((request, response) => {
      response.setHeader('x-path', request.url);
      setImmediate(() => response.end(`<${request.url}>`));
    });
    const port = await listening(server);
    const connection = once(server, 'connection') as Promise<[NodeSocket]>;
    const session = open(port);
    const answers = await Promise.all(
      Array.from({ length: 100 }, (_value, i) => ask(session, { ':path': `/${i}` })),
    );
    expect(answers).toEqual(Array.from({ length: 100 }, (_value, i) => `</${i}>`));
    expect((await connection)[0]).toBeInstanceOf(Socket);
    session.close();
    await new Promise((resolve) => server.close(resolve));
  });

  it('tells where its clients are', async () => {
    const server = create(({ socket }, response) => {
      response.end(`${socket.remoteAddress} ${socket.remoteFamily} ${socket.localPort}`);
    });
    const port = await listening(server);
    const session = http2.connect(`${scheme}://localhost:${port}`, {
      ca: cert,
      // A client's own socket on the loop.
      ...(scheme === 'http' && { createConnection: () => net.connect(port, '127.0.0.1') }),
    });
    expect(await ask(session, {})).toBe(`127.0.0.1 IPv4 ${port}`);
    expect([session.socket.remoteAddress, session.socket.remotePort]).toEqual(['127.0.0.1', port]);
    session.close();
  });

  it('carries large bodies both ways unchanged, beside small ones', async () => {
    const server = create();
    server.on('stream', (stream, headers) => {
      stream.respond({ ':status': 200 });
      if (headers[':method'] === 'POST') stream.pipe(stream);
      else stream.end('small');
    });
    const port = await listening(server);
    const session = open(port);
    const body = randomBytes(8 << 20);
    const stream = session.request({ ':method': 'POST' });
    stream.end(body);
    const sum = createHash('sha256');
    stream.on('data', (chunk: Buffer) => sum.update(chunk));
    for (let i = 0; i < 20; i++) expect(await ask(session, {})).toBe('small');
    if (!stream.readableEnded) await once(stream, 'end');
    expect(sum.digest('hex')).toBe(createHash('sha256').update(body).digest('hex'));
    session.close();
  });

  it('ends its streams when the client goes away', async () => {
    const server = create();
    const port = await listening(server);
    const began = once(server, 'stream') as Promise<[http2.ServerHttp2Stream, IncomingHttpHeaders]>;
    const session = open(port);
    session.on('error', () => {});
    const request = session.request({});
    request.on('error', () => {});
    const [stream] = await began;
    const closed = new Promise((resolve) => stream.on('close', resolve));
    stream.on('error', () => {});
    session.destroy();
    await closed;
  });

  it.skipIf(!hasLoadClient)('serves h2load (skipped where nghttp2-client is not installed)', async () => {
    const server = create((_request, response) => response.end('hello'));
    const port = await listening(server);
    const address = `${scheme}://127.0.0.1:${port}/`;
    const { stdout } = await run('h2load', [
      '--requests=2000',
      '--clients=10',
      '--max-concurrent-streams=10',
      address,
    ]);
    expect(stdout).toContain('2000 succeeded, 0 failed, 0 errored, 0 timeout');
  });
});

it('falls back to HTTP/1 where it is allowed', async () => {
  const server = http2.createSecureServer({ key, cert, allowHTTP1: true }, (request, response) => {
    response.end(request.httpVersion);
  });
  const port = await listening(server);
  const request = get({ port, host: '127.0.0.1', ca: cert, agent: false });
  const [response] = await once(request, 'response');
  expect(await text(response)).toBe('1.1');
});
