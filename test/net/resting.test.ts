// What a socket that has nothing going on does without, and that nobody can tell.
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { PassThrough, Readable, Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { setImmediate as turn } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';

import net from '../../lib/net.js';
import { listening } from './listening.js';

type State = Record<PropertyKey, unknown>;
type Half = '_readableState' | '_writableState';
const HALVES: readonly Half[] = ['_readableState', '_writableState'];

const { gc } = globalThis as unknown as { gc: () => void };

function state(socket: Socket, half: Half): State {
  return (socket as unknown as Record<Half, State>)[half];
}

/** What can be compared. */
function content(socket: Socket): unknown[] {
  return HALVES.map((half) =>
    Reflect.ownKeys(state(socket, half))
      .map((key) => [String(key), state(socket, half)[key]] as const)
      // A function is of this one stream; that a property is there and undefined says nothing.
      .filter(([, value]) => value !== undefined)
      .map(([key, value]) => [key, typeof value === 'function' ? value.length : value]),
  );
}

function kept(socket: Socket): WeakRef<State>[] {
  return HALVES.map((half) => new WeakRef(state(socket, half)));
}

/** Garbage collections, and what comes of them. */
async function collect(times = 4): Promise<void> {
  for (let i = 0; i < times; i += 1) {
    gc();
    await turn();
    await turn();
  }
}

/** Until sockets are without their states. */
async function atRest(...sockets: Socket[]): Promise<void> {
  const states = sockets.flatMap(kept);
  await expect
    .poll(
      async () => {
        await collect(1);
        // Not the states: an assertion keeps what it is about.
        return states.every((one) => one.deref() === undefined);
      },
      { interval: 1 },
    )
    .toBe(true);
}

/** Both ends of a connection over which one message and its answer have gone. */
async function echoed(): Promise<{ client: Socket; socket: Socket }> {
  const server = net.createServer();
  const accepted = once(server, 'connection');
  const client = net.connect(await listening(server), '127.0.0.1');
  const [socket] = (await accepted) as [Socket];
  onTestFinished(() => {
    socket.destroy();
    client.destroy();
  });
  socket.on('data', (chunk) => socket.write(chunk));
  client.write('one');
  expect(String((await once(client, 'data'))[0])).toBe('one');
  return { client, socket };
}

async function answered(client: Socket, message: string): Promise<void> {
  client.write(message);
  expect(String((await once(client, 'data'))[0])).toBe(message);
}

it('a silent socket is without its states after garbage collections, and then has the same ones again', async () => {
  const { client, socket } = await echoed();
  const before = [content(socket), content(client)];
  const wrote = [socket.bytesRead, socket.bytesWritten, client.bytesRead, client.bytesWritten];
  await atRest(socket);
  await atRest(client);
  expect([content(socket), content(client)]).toEqual(before);
  expect([socket.bytesRead, socket.bytesWritten, client.bytesRead, client.bytesWritten]).toEqual(wrote);
  const { ReadableState } = Readable as unknown as { ReadableState: new () => object };
  const { WritableState } = Writable as unknown as { WritableState: new () => object };
  expect(state(socket, '_readableState')).toBeInstanceOf(ReadableState);
  expect(state(socket, '_writableState')).toBeInstanceOf(WritableState);
  expect(socket).toBeInstanceOf(Writable);
  expect(socket).toBeInstanceOf(Readable);
});

it('so are all of many, which are told in more than one turn', async () => {
  const pairs = await Promise.all(Array.from({ length: 300 }, echoed));
  await atRest(...pairs.flatMap(({ client, socket }) => [client, socket]));
});

it('it answers after that, from the first message on, as often as one likes', async () => {
  const { client, socket } = await echoed();
  for (const message of ['two', 'three', 'four']) {
    await atRest(socket);
    await atRest(client);
    await answered(client, message);
  }
});

it('whoever has kept a state sees it go on', async () => {
  const { client, socket } = await echoed();
  const readable = state(socket, '_readableState');
  await collect();
  expect(state(socket, '_readableState')).toBe(readable);
  const writable = state(client, '_writableState');
  await collect();
  await answered(client, 'two');
  expect(state(client, '_writableState')).toBe(writable);
  client.end();
  await once(socket, 'close');
  expect(readable['destroyed']).toBe(true);
  expect(writable['finished']).toBe(true);
});

it('a state that is kept does not keep those of other sockets', async () => {
  const one = await echoed();
  const other = await echoed();
  const readable = state(one.socket, '_readableState');
  await atRest(other.socket);
  await atRest(other.client);
  expect(state(one.socket, '_readableState')).toBe(readable);
});

it('what is written at rest arrives, in order, and its callbacks are called', async () => {
  const { client, socket } = await echoed();
  await atRest(socket);
  const received: string[] = [];
  client.on('data', (chunk) => received.push(String(chunk)));
  const done: number[] = [];
  socket.cork();
  socket.write('1', () => done.push(1));
  socket.write('2', () => done.push(2));
  socket.uncork();
  socket.end('3', () => done.push(3));
  await once(client, 'end');
  expect(received.join('')).toBe('123');
  expect(done).toEqual([1, 2, 3]);
});

it('it can be paused, piped and ended at rest', async () => {
  const { client, socket } = await echoed();
  socket.removeAllListeners('data').pause();
  await atRest(socket);
  expect(socket.isPaused()).toBe(true);
  const through = new PassThrough();
  const piped = pipeline(socket, through);
  await collect();
  client.write('over the ');
  await once(through, 'readable');
  await collect();
  client.end('pipe');
  const chunks: Buffer[] = [];
  for await (const chunk of through) chunks.push(chunk as Buffer);
  await piped;
  expect(Buffer.concat(chunks).toString()).toBe('over the pipe');
});

it('listeners and a timeout stay, and an end and an error at rest are told', async () => {
  const { client, socket } = await echoed();
  const told: string[] = [];
  for (const event of ['end', 'finish', 'timeout', 'close']) socket.on(event, () => told.push(event));
  socket.setTimeout(300, () => socket.setTimeout(0));
  await atRest(socket);
  await expect.poll(() => told).toEqual(['timeout']);
  await atRest(socket);
  client.end();
  await once(socket, 'close');
  expect(told).toEqual(['timeout', 'end', 'finish', 'close']);
  const second = await echoed();
  await atRest(second.socket);
  const broken = once(second.socket, 'error');
  second.client.resetAndDestroy();
  expect((await broken)[0]).toMatchObject({ code: 'ECONNRESET' });
});

it('a socket with an encoding or with something to read stays as it is', async () => {
  const { client, socket } = await echoed();
  client.setEncoding('latin1');
  const decoding = kept(client);
  socket.removeAllListeners('data').pause();
  client.write('unread');
  await expect.poll(() => socket.readableLength).toBe(6);
  const reading = kept(socket);
  await collect();
  expect([...decoding, ...reading].map((one) => one.deref() === undefined)).toEqual(Array(4).fill(false));
  expect(String(socket.read())).toBe('unread');
});

it('leaves the prototypes as quiet about what they have not as those of node:net', () => {
  expect(net.Socket.prototype.bytesWritten).toBeUndefined();
  expect(net.Socket.prototype.writableLength).toBeUndefined();
});
