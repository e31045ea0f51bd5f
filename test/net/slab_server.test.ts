import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import * as net from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';

import { binding } from '../../lib/abi/binding.js';
import { IPPROTO_TCP, TCP_NODELAY } from '../../lib/abi/socket_options.js';
import { createSlabServer, type SlabConnection, type SlabHandlers } from '../../lib/net.js';
import { all, listening, signal } from './listening.js';

const echo: SlabHandlers = {
  data(connection, view) {
    if (!connection.write(view)) connection.pause();
  },
  drain: (connection) => connection.resume(),
};

function openFds(): number {
  return readdirSync('/proc/self/fd').length;
}

function noDelayOf(fd: number): number {
  const out = new Int32Array(1);
  expect(binding().socketGetOption(fd, IPPROTO_TCP, TCP_NODELAY, out)).toBe(0);
  return out[0] ?? -1;
}

describe('a slab server', () => {
  it('sends back every byte in order, whatever the sizes, to readers that pause', async () => {
    const port = await listening(createSlabServer(echo));
    const clients = Array.from({ length: 8 }, async () => {
      const client = net.connect(port, '127.0.0.1');
      const [sent, received] = [createHash('sha256'), createHash('sha256')];
      let expected = 0;
      const writing = (async () => {
        for (let i = 0; i < 60; i += 1) {
          const chunk = randomBytes(1 + Math.floor(Math.random() ** 3 * 200_000));
          sent.update(chunk);
          expected += chunk.length;
          if (!client.write(chunk)) await once(client, 'drain');
        }
        client.end();
      })();
      let bytes = 0;
      for await (const chunk of client) {
        received.update(chunk);
        bytes += chunk.length;
        if (Math.random() < 0.02) await wait(5);
      }
      await writing;
      expect(bytes).toBe(expected);
      expect(received.digest('hex')).toBe(sent.digest('hex'));
    });
    await Promise.all(clients);
  });

  it('sends views again and again, parts of them, and what is written between', async () => {
    const written: Buffer[] = [];
    const port = await listening(
      createSlabServer({
        data(connection, view) {
          for (const part of [view, view.subarray(1), Buffer.from('between'), view, view]) {
            written.push(Buffer.from(part));
            connection.write(part);
          }
        },
      }),
    );
    const client = net.connect(port, '127.0.0.1');
    for (const length of [1, 4096, 4097, 30_000]) client.write(randomBytes(length));
    client.end();
    const received = Buffer.concat(await client.toArray());
    expect(received.length).toBeGreaterThan(3 * 38_194);
    expect(received.equals(Buffer.concat(written))).toBe(true);
  });

  it('keeps the order of what was written to a connection from the callbacks of others', async () => {
    const connections: SlabConnection[] = [];
    const port = await listening(
      createSlabServer({
        open: (connection) => connections.push(connection),
        data(_connection, view) {
          for (const other of connections) other.write(view);
        },
      }),
    );
    const clients = Array.from({ length: 10 }, () => net.connect(port, '127.0.0.1'));
    while (connections.length < clients.length) await wait(1);
    const texts = clients.map(() => '');
    for (const [i, client] of clients.entries()) {
      client.setEncoding('latin1').on('data', (text: string) => {
        texts[i] += text;
      });
    }
    for (let n = 0; n < 200; n += 1) for (const [i, client] of clients.entries()) client.write(`${i}:${n};`);
    const length = clients.reduce(
      (sum, _, i) => sum + Array.from({ length: 200 }, (_, n) => `${i}:${n};`).join('').length,
      0,
    );
    while (texts.some((text) => text.length < length)) await wait(1);
    for (const text of texts) {
      const messages = text.split(';').slice(0, -1);
      for (const i of clients.keys()) {
        const ofOne = messages.filter((message) => message.startsWith(`${i}:`));
        expect(ofOne).toEqual(Array.from({ length: 200 }, (_, n) => `${i}:${n}`));
      }
    }
    for (const client of clients) client.destroy();
  });

  it('writes strings, end() sends everything before it ends, and close is told once', async () => {
    const closed: SlabConnection[] = [];
    const server = createSlabServer({
      open(connection) {
        connection.write('größer\n');
        connection.write('00ff', 'hex');
        connection.end(Buffer.alloc(300_000, 'x'));
        expect(connection.write('too late')).toBe(false);
      },
      close: (connection) => closed.push(connection),
    });
    const port = await listening(server);
    const client = net.connect(port, '127.0.0.1');
    const bytes = await all(client);
    expect(bytes.length).toBe(Buffer.byteLength('größer\n') + 2 + 300_000);
    expect(bytes.subarray(0, 9).toString()).toBe('größer\n');
    while (closed.length === 0) await wait(1);
    expect(closed).toHaveLength(1);
    expect(closed[0]?.closed).toBe(true);
  });

  it('gives each message a view of its own bytes, however often they come to the same place', async () => {
    const seen: string[] = [];
    const port = await listening(
      createSlabServer({
        data(connection, view) {
          seen.push(view.toString());
          // It may be changed.
          view.fill('*');
          connection.write('.');
        },
      }),
    );
    const client = net.connect(port, '127.0.0.1');
    const said = Array.from({ length: 200 }, (_, i) => `${i}`.padEnd(1 + (i % 7), '-'));
    for (const text of said) {
      client.write(text);
      await once(client, 'data');
    }
    client.destroy();
    expect(seen).toEqual(said);
  });

  it('has noDelay on each connection, from its listening socket', async () => {
    const fds: number[] = [];
    for (const noDelay of [true, false]) {
      const opened = new Promise<void>((resolve) => {
        const server = createSlabServer(
          {
            open(connection) {
              fds.push(noDelayOf(connection.fd));
              resolve();
            },
          },
          { noDelay },
        );
        void listening(server).then((port) => net.connect(port, '127.0.0.1').unref());
      });
      await opened;
    }
    expect(fds).toEqual([1, 0]);
  });

  it('stays half open for a handler of end', async () => {
    const port = await listening(
      createSlabServer<string>({
        open(connection) {
          connection.data = '';
        },
        data(connection, view) {
          connection.data += view.toString();
        },
        end(connection) {
          setTimeout(() => connection.end(`got ${connection.data}`), 10);
        },
      }),
    );
    const client = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
    client.end('this');
    expect((await all(client)).toString()).toBe('got this');
  });

  it('says when a slow reader has everything, and closes one that has too much to come', async () => {
    const drained = signal<number>();
    const failed = signal<NodeJS.ErrnoException>();
    const handlers: SlabHandlers = {
      data(connection, view) {
        const wanted = Number(view.toString());
        let more = true;
        for (let i = 0; i < wanted && !connection.closed; i += 1)
          more = connection.write(Buffer.alloc(1 << 20));
        expect(more).toBe(false);
      },
      drain: (connection) => drained.resolve(connection.unsentBytes),
      error: (_connection, error) => failed.resolve(error),
    };
    const port = await listening(createSlabServer(handlers, { maxUnsent: 32 << 20 }));
    const slow = net.connect(port, '127.0.0.1').pause();
    slow.write('16');
    await wait(50);
    slow.resume();
    expect(await drained.promise).toBe(0);
    const tooSlow = net.connect(port, '127.0.0.1').pause();
    tooSlow.on('error', () => {});
    tooSlow.write('100');
    expect((await failed.promise).code).toBe('ENOBUFS');
    slow.destroy();
    tooSlow.destroy();
  });

  it('tells of a reset, and leaves no descriptor behind', async () => {
    const errors: unknown[] = [];
    let open = 0;
    const port = await listening(
      createSlabServer({
        open: () => {
          open += 1;
        },
        error: (_connection, error) => errors.push(error.code),
        close: () => {
          open -= 1;
        },
      }),
    );
    const before = openFds();
    for (let i = 0; i < 50; i += 1) {
      const client = net.connect(port, '127.0.0.1');
      await once(client, 'connect');
      while (open === 0) await wait(1);
      client.resetAndDestroy();
      while (open > 0) await wait(1);
    }
    expect(errors).toEqual(Array.from({ length: 50 }, () => 'ECONNRESET'));
    expect(openFds()).toBeLessThanOrEqual(before);
  });

  it('closes in every callback without harm to the others', async () => {
    for (const at of ['open', 'data', 'end', 'drain', 'close'] as const) {
      const closing = (connection: SlabConnection): void => {
        connection.close();
        connection.close();
        connection.end('x');
        connection.pause();
        connection.resume();
        connection.reset();
        expect(connection.write('x')).toBe(false);
      };
      const handlers: SlabHandlers = {
        data(connection) {
          if (at === 'drain') connection.write(Buffer.alloc(1 << 20));
        },
      };
      const server = createSlabServer({ ...handlers, [at]: closing });
      const port = await listening(server);
      const clients = Array.from({ length: 20 }, () => net.connect(port, '127.0.0.1'));
      const ends = clients.map((client) => {
        client.on('error', () => {});
        client.write('hello');
        if (at === 'end' || at === 'close') client.end();
        client.resume();
        return once(client, 'close');
      });
      await Promise.all(ends);
    }
  });

  it('counts connections, refuses more than maxConnections, and closes when the last is gone', async () => {
    const server = createSlabServer(echo);
    server.maxConnections = 1;
    const port = await listening(server);
    const first = net.connect(port, '127.0.0.1');
    first.write('x');
    await once(first, 'data');
    const dropped = once(server, 'drop');
    const second = net.connect(port, '127.0.0.1');
    second.on('error', () => {});
    expect((await dropped)[0]).toMatchObject({ localPort: port });
    second.destroy();
    let isClosed = false;
    const closed = once(server, 'close').then(() => {
      isClosed = true;
    });
    server.close();
    await wait(10);
    expect(isClosed).toBe(false);
    first.end();
    await closed;
  });

  it('reports what a handler throws, and goes on', async () => {
    const port = await listening(
      createSlabServer({
        data(connection, view) {
          connection.write(view);
          throw new Error('of the handler');
        },
      }),
    );
    const caught = signal<Error>();
    const others = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException');
    process.once('uncaughtException', caught.resolve);
    const client = net.connect(port, '127.0.0.1');
    client.write('x');
    const [answer] = await once(client, 'data');
    expect((await caught.promise).message).toBe('of the handler');
    for (const other of others) process.on('uncaughtException', other);
    expect(String(answer)).toBe('x');
    client.destroy();
  });

  it('refuses arguments that make no sense', () => {
    const create = createSlabServer as unknown as (...args: unknown[]) => void;
    expect(() => create()).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }));
    expect(() => create({}, { maxUnsent: 'x' })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_TYPE' }),
    );
    expect(() => create({}, { highWaterMark: 0 })).toThrow(
      expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }),
    );
  });
});
