import { closeSync, openSync, readSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { KEVENT_POLL_POLLIN, KEVENT_POLL_POLLOUT, poll, Queue, readable, writable } from '../../lib/index.js';
import { Fifo } from '../raw/fifo.js';

let fifo: Fifo;
let queue: Queue;
beforeEach(() => {
  fifo = new Fifo();
  queue = new Queue();
});
afterEach(() => {
  queue.close();
  fifo.close();
});

async function turns(count = 10): Promise<void> {
  for (let i = 0; i < count; i += 1) await immediate();
}

describe('readable', () => {
  it('tells again as long as there is something to read', async () => {
    const buffer = Buffer.alloc(1);
    fifo.write('abc');
    let seen = '';
    for await (const { readable: is, fd } of readable(fifo.fd, { queue })) {
      expect(is).toBe(true);
      expect(fd).toBe(fifo.fd);
      readSync(fd, buffer);
      seen += buffer.toString();
      if (seen.length === 3) break;
    }
    expect(seen).toBe('abc');
  });

  it('keeps nothing: what was read elsewhere while nobody waited is not told', async () => {
    const loop = readable(fifo.fd, { queue })[Symbol.asyncIterator]();
    fifo.write('a');
    await loop.next();
    await turns();
    fifo.drain();
    let told = false;
    const next = loop.next().then((result) => {
      told = result.done !== true;
    });
    await turns();
    expect(told).toBe(false);
    fifo.write('b');
    await next;
    expect(told).toBe(true);
    await loop.return();
  });

  it('asks the kernel nothing while nobody waits', async () => {
    fifo.write('a');
    const loop = readable(fifo.fd, { queue })[Symbol.asyncIterator]();
    await loop.next();
    await turns();
    const before = queue.stats();
    await turns(100);
    const after = queue.stats();
    expect(after.delivered).toBe(before.delivered);
    expect(after.delivered).toBeLessThanOrEqual(2);
    await loop.next();
    await loop.return();
  });

  it('with edge tells each change once, and what is left over when asked after a pause', async () => {
    const loop = readable(fifo.fd, { queue, edge: true })[Symbol.asyncIterator]();
    let told = 0;
    const count = ({ done }: IteratorResult<unknown>): void => {
      if (done !== true) told += 1;
    };
    fifo.write('a');
    await loop.next().then(count);
    const second = loop.next().then(count);
    await turns();
    expect(told).toBe(1);
    fifo.write('b');
    await second;
    expect(told).toBe(2);
    for (let i = 0; i < 100; i += 1) {
      fifo.write('c');
      await immediate();
    }
    const { delivered } = queue.stats();
    expect(delivered).toBeLessThanOrEqual(4);
    await loop.next().then(count);
    await loop.return();
  });

  it('tells of the end', async () => {
    let other: Socket | undefined;
    const server = createServer((socket) => {
      other = socket;
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const address = server.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    const socket = connect(port);
    await new Promise((resolve) => socket.once('connect', resolve));
    socket.pause();
    await expect.poll(() => other).toBeDefined();
    const next = readable(socket, { queue }).once();
    other?.end();
    expect(await next).toMatchObject({ readable: true, ended: true, failed: false });
    socket.destroy();
    server.close();
  });

  it.each([
    ['a closed fd', () => 1_000_000, 'EBADF'],
    ['a regular file', () => openSync('package.json', 'r'), 'EPERM'],
  ])('fails in the loop for %s', async (_, make, code) => {
    const fd = make();
    await expect(readable(fd, { queue }).once()).rejects.toMatchObject({ code });
    if (fd < 1_000_000) closeSync(fd);
  });
});

describe('writable and poll', () => {
  it('take an object that has an fd', async () => {
    await using file = await open('/dev/ptmx', 'r+');
    expect(await writable(file, { queue }).once()).toMatchObject({ fd: file.fd, writable: true });
  });

  it('tell of every bit that was asked for', async () => {
    fifo.write('a');
    const both = await poll(fifo.fd, KEVENT_POLL_POLLIN | KEVENT_POLL_POLLOUT, { queue }).once();
    expect(both).toMatchObject({ readable: true, writable: true });
    expect(both?.revents).toBe(KEVENT_POLL_POLLIN | KEVENT_POLL_POLLOUT);
    expect(await poll(fifo.fd, 'out', { queue }).once()).toMatchObject({ readable: false, writable: true });
  });

  it.each([
    [-1, 'ERR_INVALID_ARG_VALUE'],
    ['0' as unknown as number, 'ERR_INVALID_ARG_TYPE'],
    [{} as { fd: number }, 'ERR_INVALID_ARG_TYPE'],
    [{ fd: -1 }, 'ERR_INVALID_ARG_VALUE'],
    [{ fd: null }, 'ERR_INVALID_ARG_VALUE'],
  ])('refuse %j as an fd', (fd, code) => {
    expect(() => poll(fd, 'in')).toThrow(expect.objectContaining({ code }));
    expect(() => poll(0, 0)).toThrow(expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }));
  });
});
