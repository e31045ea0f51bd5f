import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import type { Server, Socket } from 'node:net';
import { finished, pipeline } from 'node:stream/promises';
import { TLSSocket, connect as tlsConnect } from 'node:tls';
import { createGzip, gunzipSync } from 'node:zlib';
import { describe, expect, it, onTestFinished } from 'vitest';

import net from '../../lib/net.js';
import { cert, key } from '../http/certificate.js';
import { all, listening, signal } from './listening.js';

const openFds = (): number => readdirSync('/proc/self/fd').length;

/** Both ends of a connection. */
async function pair(options: { allowHalfOpen?: boolean } = {}): Promise<{
  client: Socket;
  peer: Socket;
  server: Server;
}> {
  const accepted = signal<Socket>();
  const server = net.createServer(options, accepted.resolve);
  const port = await listening(server);
  const client = net.connect({ port, host: '127.0.0.1', ...options });
  onTestFinished(() => {
    client.destroy();
  });
  return { client, peer: await accepted.promise, server };
}

describe('a socket is a stream', () => {
  it('for pipeline, finished, for await and transforms', async () => {
    const { client, peer } = await pair();
    const body = randomBytes(300_000);
    const sending = pipeline([body], createGzip(), client);
    expect(gunzipSync(await all(peer)).equals(body)).toBe(true);
    await sending;
    await finished(peer);
  });

  it('with an encoding, whose characters may come in pieces', async () => {
    const { client, peer } = await pair();
    peer.setEncoding('utf8');
    const euro = Buffer.from('€');
    client.write(euro.subarray(0, 1));
    while (peer.bytesRead < 1) await new Promise((resolve) => setImmediate(resolve));
    client.end(euro.subarray(1));
    let text = '';
    for await (const chunk of peer) text += chunk;
    expect(text).toBe('€');
  });

  it('that holds its writer back, and what waits is not more than it was told', async () => {
    const { client, peer } = await pair();
    const chunk = Buffer.alloc(64 * 1024);
    let sent = 0;
    while (client.write(chunk)) sent += chunk.length;
    sent += chunk.length;
    expect(client.writableLength).toBeLessThanOrEqual(chunk.length);
    client.end();
    let received = 0;
    for await (const { length } of peer) received += length;
    expect(received).toBe(sent);
  });

  it('that TLS can be put on, at both ends', async () => {
    const { client, peer } = await pair();
    const secure = new TLSSocket(peer, { isServer: true, key, cert });
    secure.on('data', (data) => secure.end(`${data} secret`));
    const encrypted = tlsConnect({ socket: client, ca: cert, servername: 'localhost' });
    encrypted.write('a');
    expect(`${await all(encrypted)}`).toBe('a secret');
  });

  it('that a paused reader stops: the rest stays with the sender', async () => {
    const { client, peer } = await pair();
    peer.pause();
    // More than the kernel keeps of any connection.
    const size = 64 << 20;
    client.write(Buffer.alloc(size));
    while (peer.readableLength < peer.readableHighWaterMark)
      await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 100; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(peer.readableLength).toBeLessThanOrEqual(2 * 64 * 1024);
    expect(client.writableNeedDrain).toBe(true);
    const drained = once(client, 'drain');
    peer.resume();
    await drained;
  });
});

describe('reading into a buffer of the caller', () => {
  it('uses it again and again, and stops when told so', async () => {
    const server = net.createServer((socket) => socket.end('0123456789'));
    const port = await listening(server);
    const buffer = Buffer.alloc(4);
    let text = '';
    const seen = new Set<unknown>();
    const client = net.connect({
      port,
      host: '127.0.0.1',
      onread: {
        buffer,
        callback(length, given) {
          seen.add(given);
          text += Buffer.from(given).toString('latin1', 0, length);
          setImmediate(() => client.resume());
          return false;
        },
      },
    });
    await once(client, 'close');
    expect(text).toBe('0123456789');
    expect([...seen]).toEqual([buffer]);
  });
});

describe('the end of a socket', () => {
  it('of one half leaves the other open, where that is allowed', async () => {
    const { client, peer } = await pair({ allowHalfOpen: true });
    client.end('request');
    // A `for await` loop would destroy it.
    const [request] = (await once(peer, 'data')) as [Buffer];
    expect(`${request}`).toBe('request');
    await once(peer, 'end');
    peer.write('an ');
    peer.end('answer');
    expect(`${await all(client)}`).toBe('an answer');
  });

  it('by resetAndDestroy is ECONNRESET for the peer', async () => {
    const { client, peer } = await pair();
    const failed = once(peer, 'error');
    client.resetAndDestroy();
    expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET', syscall: 'read' });
  });

  it('by destroySoon comes when all is sent', async () => {
    const { client, peer } = await pair();
    const body = randomBytes(3_000_000);
    client.write(body);
    client.destroySoon();
    const sum = createHash('sha256');
    for await (const chunk of peer) sum.update(chunk);
    expect(sum.digest('hex')).toBe(createHash('sha256').update(body).digest('hex'));
  });

  it('by an AbortSignal is an AbortError', async () => {
    const controller = new AbortController();
    const server = net.createServer((socket) => socket.resume());
    const port = await listening(server);
    const client = new net.Socket({ signal: controller.signal });
    client.connect(port, '127.0.0.1');
    await once(client, 'connect');
    const failed = once(client, 'error');
    controller.abort();
    expect((await failed)[0]).toMatchObject({ name: 'AbortError', code: 'ABORT_ERR' });
  });

  it('in every state leaves no descriptor behind', async () => {
    const server = net.createServer((socket) => socket.on('error', () => {}).pipe(socket));
    const port = await listening(server);
    const settled = async (): Promise<void> => {
      const [count] = await new Promise<[number]>((resolve) => server.getConnections((_, n) => resolve([n])));
      if (count > 0) {
        await new Promise((resolve) => setImmediate(resolve));
        await settled();
      }
    };
    const open = (): Socket => net.connect(port, '127.0.0.1').on('error', () => {});
    const ways: ((socket: Socket) => unknown)[] = [
      (socket) => socket.destroy(),
      (socket) => socket.destroy(new Error('on purpose')),
      (socket) => socket.resetAndDestroy(),
      (socket) => socket.end(),
      (socket) => socket.destroySoon(),
    ];
    const states: ((end: (socket: Socket) => unknown) => Socket)[] = [
      // While it connects.
      (end) => {
        const socket = open();
        end(socket);
        return socket;
      },
      (end) => {
        const socket = net.connect({ port, host: 'localhost', family: 4 }).on('error', () => {});
        return socket.on('lookup', () => end(socket));
      },
      (end) => {
        const socket = open();
        return socket.on('connect', () => end(socket));
      },
      // With something written, in the turn and before.
      (end) => {
        const socket = open();
        return socket.on('connect', () => {
          socket.write(Buffer.alloc(1 << 20));
          end(socket);
        });
      },
      (end) => {
        const socket = open();
        socket.write('x', () => end(socket));
        return socket;
      },
      // While it is told something.
      (end) => {
        const socket = open();
        socket.write('x');
        return socket.on('data', () => end(socket));
      },
      (end) => {
        const socket = open();
        socket.end('x');
        return socket.resume().on('end', () => end(socket));
      },
    ];
    // The loop, and whatever else is made once.
    const first = open();
    await once(first, 'connect');
    await once(first.destroy(), 'close');
    await settled();
    const before = openFds();
    for (const state of states) {
      for (const way of ways) {
        const socket = state((reached) => way(reached ?? socket));
        socket.resume();
        if (!socket.closed) await new Promise((resolve) => socket.on('close', resolve));
      }
    }
    await settled();
    // Fewer: what an earlier test left to close is closed by now.
    expect(openFds()).toBeLessThanOrEqual(before);
  });
});

describe('the time-out of a socket', () => {
  it('comes after silence only, once it was set, and can be taken back', async () => {
    const { client, peer } = await pair();
    peer.resume();
    const order: string[] = [];
    // Longer than a busy machine keeps anybody waiting.
    client.setTimeout(400, () => order.push('timeout'));
    expect(client.timeout).toBe(400);
    const alive = setInterval(() => client.write('x'), 5);
    await new Promise((resolve) => setTimeout(resolve, 500));
    clearInterval(alive);
    order.push('silence');
    await once(client, 'timeout');
    expect(order).toEqual(['silence', 'timeout']);
    client.setTimeout(0);
    expect(client.timeout).toBe(0);
    expect(() => client.setTimeout(-1)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
  });
});

it('a block list holds for connect() of a socket that has a descriptor already', async () => {
  const { client, server } = await pair();
  const { port } = server.address() as { port: number };
  const blockList = new net.BlockList();
  blockList.addAddress('127.0.0.1');
  Reflect.apply(client.connect, client, [{ port, host: '127.0.0.1', blockList }]);
  await expect(once(client, 'connect')).rejects.toHaveProperty('code', 'ERR_IP_BLOCKED');
});
