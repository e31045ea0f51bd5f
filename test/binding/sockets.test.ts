import { closeSync, openSync, readdirSync, rmSync } from 'node:fs';
import { createServer, connect as nodeConnect } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';

import {
  BIND_IPV6ONLY,
  BIND_REUSEPORT,
  binding,
  type SocketFamily,
  type SocketName,
} from '../../lib/abi/binding.js';
import { IPPROTO_TCP, SO_ERROR, SO_RCVBUF, SOL_SOCKET, TCP_NODELAY } from '../../lib/abi/socket_options.js';
import { Connection, must } from './connection.js';

const native = binding();
const descriptors = (): number => readdirSync('/proc/self/fd').length;

function nameOf(answer: SocketName | number): SocketName {
  if (typeof answer === 'number') throw new Error(`errno ${answer}`);
  return answer;
}

/** Runs with a socket that is closed afterwards. */
function withSocket<Result>(family: SocketFamily, use: (fd: number) => Result): Result {
  const fd = must(native.socketOpen(family, 1));
  try {
    return use(fd);
  } finally {
    native.closeFd(fd);
  }
}

describe('a socket', () => {
  it.each([
    [4, '127.0.0.1', 'IPv4'],
    [6, '::1', 'IPv6'],
  ] as const)('of family %d is bound to %s and says so', (family, address, name) => {
    withSocket(family, (fd) => {
      expect(native.socketBind(fd, address, 0, 0)).toBe(0);
      expect(native.socketListen(fd, 1)).toBe(0);
      const bound = nameOf(native.socketName(fd));
      expect(bound).toEqual({ family: name, address, port: expect.any(Number) });
      expect(bound.port).toBeGreaterThan(0);
      expect(native.fdKind(fd)).toEqual({ kind: 'tcp', family: name, stream: true, listening: true });
    });
  });

  it('refuses names, ports and flags that cannot be', () => {
    withSocket(4, (fd) => {
      for (const address of ['localhost', '', '1.2.3.4\0', '9'.repeat(1000)])
        expect(native.socketBind(fd, address, 0, 0)).toBe(-22);
      for (const port of [-1, 65536, 1.5, Number.NaN])
        expect(native.socketBind(fd, '127.0.0.1', port, 0)).toBe(-22);
      expect(native.socketBind(fd, '127.0.0.1', 0, 8)).toBe(-22);
      expect(native.socketBind(fd, '::1', 0, 0)).toBeLessThan(0);
      expect(native.socketConnect(fd, '127.0.0.1', 65536)).toBe(-22);
      expect(native.socketShutdown(fd, 3)).toBe(-22);
    });
    expect(native.socketOpen(5 as 4, 1)).toBe(-97);
    expect(native.socketOpen(4, 2 as 1)).toBe(-93);
  });

  it('can share its port, and leave IPv4 alone', () => {
    withSocket(6, (first) => {
      must(native.socketBind(first, '::', 0, BIND_REUSEPORT | BIND_IPV6ONLY));
      must(native.socketListen(first, 1));
      const { port } = nameOf(native.socketName(first));
      withSocket(6, (second) =>
        expect(native.socketBind(second, '::', port, BIND_REUSEPORT | BIND_IPV6ONLY)).toBe(0),
      );
      withSocket(6, (third) => expect(native.socketBind(third, '::', port, BIND_IPV6ONLY)).toBe(-98));
      withSocket(4, (other) => expect(native.socketBind(other, '0.0.0.0', port, 0)).toBe(0));
    });
  });

  it.each([
    ['a path', path.join(tmpdir(), `kevent-ä-${process.pid}`)],
    ['an abstract name', `\0kevent-ä-${process.pid}`],
  ])('is bound to %s and connected to', (_, name) => {
    withSocket(1, (listener) => {
      must(native.socketBindPath(listener, name));
      must(native.socketListen(listener, 1));
      expect(native.socketName(listener)).toEqual({ family: 'unix', address: name, port: 0 });
      withSocket(1, (client) => {
        expect(native.socketConnectPath(client, Buffer.from(name))).toBe(0);
        expect(native.socketPeer(client)).toEqual({ family: 'unix', address: name, port: 0 });
      });
    });
    if (!name.startsWith('\0')) rmSync(name);
  });

  it('refuses paths that cannot be', () => {
    withSocket(1, (fd) => {
      expect(native.socketBindPath(fd, '')).toBe(-22);
      expect(native.socketBindPath(fd, 'a\0b')).toBe(-22);
      expect(native.socketBindPath(fd, 'x'.repeat(109))).toBe(-36);
      expect(native.socketBindPath(fd, 'x'.repeat(5000))).toBe(-36);
      expect(native.socketConnectPath(fd, '/nowhere/at-all')).toBe(-2);
    });
  });

  it('has options', () => {
    withSocket(4, (fd) => {
      const out = new Int32Array(1);
      expect(native.socketSetOption(fd, IPPROTO_TCP, TCP_NODELAY, 1)).toBe(0);
      expect(native.socketGetOption(fd, IPPROTO_TCP, TCP_NODELAY, out)).toBe(0);
      expect(out[0]).toBe(1);
      expect(native.socketGetOption(fd, SOL_SOCKET, SO_RCVBUF, out)).toBe(0);
      expect(out[0]).toBeGreaterThan(1000);
      expect(native.socketGetOption(fd, SOL_SOCKET, SO_RCVBUF, new Int32Array(0))).toBe(-14);
      expect(native.socketSetOption(fd, 2 ** 31, 1, 1)).toBe(-22);
      expect(native.socketSetOption(fd, IPPROTO_TCP, 9999, 1)).toBe(-92);
    });
  });

  it('that is refused says so by SO_ERROR', () => {
    const port = withSocket(4, (fd) => {
      must(native.socketBind(fd, '127.0.0.1', 0, 0));
      return nameOf(native.socketName(fd)).port;
    });
    withSocket(4, (fd) => {
      expect([-111, -115]).toContain(native.socketConnect(fd, '127.0.0.1', port));
      const out = new Int32Array(1);
      expect(native.socketGetOption(fd, SOL_SOCKET, SO_ERROR, out)).toBe(0);
      expect([0, 111]).toContain(out[0]);
    });
  });

  it('speaks with node:net, both ways', async () => {
    const server = createServer((socket) => socket.end('from node'));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    if (typeof address !== 'object' || address === null) throw new Error('no address');
    withSocket(4, (fd) => expect([0, -115]).toContain(native.socketConnect(fd, '127.0.0.1', address.port)));
    server.close();
    const listener = must(native.socketOpen(4, 1));
    must(native.socketBind(listener, '127.0.0.1', 0, 0));
    must(native.socketListen(listener, 8));
    const client = nodeConnect(nameOf(native.socketName(listener)).port, '127.0.0.1');
    const out = new Int32Array(8);
    await expect.poll(() => native.socketAccept(listener, out)).toBe(1);
    const fd = out[0] ?? -1;
    native.naioSend(Int32Array.of(fd, 0, 5, 0), 1, Buffer.from('hello'), []);
    const data = await new Promise<Buffer>((resolve) => client.once('data', resolve));
    expect(data.toString()).toBe('hello');
    const reset = new Promise<NodeJS.ErrnoException>((resolve) => client.once('error', resolve));
    expect(native.socketReset(fd)).toBe(0);
    expect((await reset).code).toBe('ECONNRESET');
    native.closeFd(listener);
  });
});

describe('socketAccept', () => {
  it('takes as many as there are and fit', () => {
    using connection = new Connection();
    const port = nameOf(native.socketName(connection.listener)).port;
    const clients = [0, 1, 2].map(() => must(native.socketOpen(4, 1)));
    for (const fd of clients) native.socketConnect(fd, '127.0.0.1', port);
    const out = new Int32Array(2);
    const accepted: number[] = [];
    for (const expected of [2, 1]) {
      expect(native.socketAccept(connection.listener, out)).toBe(expected);
      accepted.push(...out.subarray(0, expected));
    }
    expect(native.socketAccept(connection.listener, out)).toBe(-11);
    expect(native.socketAccept(connection.listener, new Int32Array(0))).toBe(-22);
    expect(native.socketAccept(connection.client, out)).toBe(-22);
    expect(() =>
      native.socketAccept(connection.listener, new Uint32Array(2) as unknown as Int32Array),
    ).toThrow(TypeError);
    for (const fd of [...clients, ...accepted]) native.closeFd(fd);
  });
});

describe('socketSend and socketReceive', () => {
  it('carry bytes, and tell the end', async () => {
    using connection = new Connection();
    const { client, server } = connection;
    const memory = new Uint8Array(8);
    expect(native.socketReceive(server, memory)).toBe(-11);
    expect(native.socketSend(client, Buffer.from('0123456789'))).toBe(10);
    expect(native.socketReceive(server, memory)).toBe(8);
    expect(Buffer.from(memory).toString()).toBe('01234567');
    expect(native.socketReceive(server, memory)).toBe(2);
    expect(native.socketShutdown(client, 1)).toBe(0);
    await expect.poll(() => native.socketReceive(server, memory)).toBe(0);
    expect(native.socketSend(client, memory)).toBe(-32);
    expect(native.socketReceive(server, new Uint8Array(0))).toBe(-22);
  });
});

describe('a closed fd', () => {
  it('is EBADF for every call', () => {
    const fd = withSocket(4, (open) => open);
    const calls: [string, number | object][] = [
      ['bind', native.socketBind(fd, '127.0.0.1', 0, 0)],
      ['listen', native.socketListen(fd, 1)],
      ['connect', native.socketConnect(fd, '127.0.0.1', 1)],
      ['accept', native.socketAccept(fd, new Int32Array(1))],
      ['shutdown', native.socketShutdown(fd, 1)],
      ['name', native.socketName(fd)],
      ['peer', native.socketPeer(fd)],
      ['set', native.socketSetOption(fd, 1, 9, 1)],
      ['get', native.socketGetOption(fd, 1, 9, new Int32Array(1))],
      ['reset', native.socketReset(fd)],
      ['adopt', native.adoptFd(fd)],
      ['disown', native.disownFd(fd)],
      ['close', native.closeFd(fd)],
      ['nonblocking', native.setNonblocking(fd)],
      ['kind', native.fdKind(fd)],
      ['sendfile', native.sendfile(fd, fd, 0, 1)],
    ];
    for (const [name, result] of calls) expect([name, result]).toEqual([name, -9]);
  });
});

describe('sendfile', () => {
  it('sends a part of a file', () => {
    using connection = new Connection();
    const file = openSync(new URL(import.meta.url), 'r');
    expect(native.sendfile(connection.client, file, 7, 20)).toBe(20);
    expect(native.sendfile(connection.client, file, -2, 20)).toBe(-22);
    expect(native.sendfile(connection.client, file, 2 ** 53, 20)).toBe(-22);
    closeSync(file);
    expect(native.sendfile(connection.client, file, 0, 20)).toBe(-9);
  });
});

describe('the descriptors of a worker', () => {
  const source = `
    const { parentPort, workerData } = require('node:worker_threads');
    import(workerData).then(({ binding }) => {
      const native = binding();
      const fds = [4, 6, 1].map((family) => native.socketOpen(family, 1));
      native.disownFd(fds[2]);
      parentPort.postMessage(fds[2]);
      setInterval(() => undefined, 1000);
    });`;

  it('are closed with it, but for those that it has given away', async () => {
    const before = descriptors();
    const url = new URL('../../dist/abi/binding.js', import.meta.url).href;
    const worker = new Worker(source, { eval: true, workerData: url });
    const given = await new Promise<number>((resolve) => worker.once('message', resolve));
    await worker.terminate();
    await expect.poll(descriptors).toBe(before + 1);
    expect(native.adoptFd(given)).toBe(0);
    expect(native.disownFd(given)).toBe(0);
    expect(native.disownFd(given)).toBe(-9);
    expect(native.closeFd(given)).toBe(0);
  });
});
