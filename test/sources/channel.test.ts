import { once } from 'node:events';
import { setImmediate as immediate } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';

import { Channel, channel, defaultQueue, Queue } from '../../lib/index.js';
import { bytesFor, ChannelMemory } from '../../lib/sources/channel_memory.js';
import { runProgram } from '../queue/run_program.js';

function worker(workerData: object): Worker {
  return new Worker(new URL('programs/channel.js', import.meta.url), { workerData });
}

const numbers = (from: number, to: number): number[] => Array.from({ length: to - from }, (_, i) => from + i);

describe('a channel', () => {
  it('has values in the order in which they were sent, as copies', async () => {
    const values = channel<unknown>();
    const sent = [
      1,
      'ä',
      { a: [1n, new Date(0)] },
      new Map([[1, new Set([2])]]),
      new Uint8Array([1, 2]),
      undefined,
    ];
    for (const value of sent) await values.send(value);
    values.close();
    expect(await values.toArray()).toEqual(sent);
    expect(values.closed).toBe(true);
  });

  it('keeps the sender waiting while it is full, and loses nothing', async () => {
    const values = channel<string>({ capacity: 1024 });
    const text = 'x'.repeat(100);
    let sent = 0;
    const sending = (async () => {
      for (; sent < 1000; sent += 1) await values.send(`${sent}${text}`);
      values.close();
    })();
    for (let i = 0; i < 20; i += 1) await immediate();
    expect(sent).toBeLessThan(10);
    const seen = await values.toArray();
    await sending;
    expect(seen).toEqual(numbers(0, 1000).map((n) => `${n}${text}`));
    expect(defaultQueue().stats().kevents).toBe(0);
  });

  it('takes values of all sizes up to its capacity, wherever they come to lie', async () => {
    const values = channel<Uint8Array>({ capacity: 512 });
    const sizes = numbers(0, 300).map((n) => (n * 7919) % 480);
    const sending = Promise.all(sizes.map((size) => values.send(new Uint8Array(size).fill(size))));
    const seen = await values.take(sizes.length).toArray();
    await sending;
    expect(seen.map((bytes) => bytes.length)).toEqual(sizes);
    expect(seen.every((bytes) => bytes.every((byte) => byte === (bytes.length & 255)))).toBe(true);
    await expect(values.send(new Uint8Array(600))).rejects.toMatchObject({ code: 'ERR_OUT_OF_RANGE' });
    await expect(values.send((() => 0) as unknown as Uint8Array)).rejects.toThrow(/could not be cloned/);
  });

  it('is read and left and read again: nothing is lost', async () => {
    const values = channel<number>();
    for (let i = 0; i < 10; i += 1) await values.send(i);
    expect(await values.take(3).toArray()).toEqual([0, 1, 2]);
    expect(await values.once()).toBe(3);
    for await (const value of values) {
      expect(value).toBe(4);
      break;
    }
    values.close();
    expect(await values.toArray()).toEqual([5, 6, 7, 8, 9]);
  });

  it('when closed rejects who sends, also who waits, and ends who reads', async () => {
    const values = channel<string>({ capacity: 64 });
    const reading = channel<string>();
    const read = reading.toArray();
    reading.close();
    expect(await read).toEqual([]);
    const waiting = numbers(0, 4).map((n) => values.send(`${n}`.repeat(40)));
    values.close();
    values.close();
    const states = await Promise.allSettled(waiting);
    expect(states.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected', 'rejected']);
    await expect(values.send('late')).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
    expect(await values.toArray()).toEqual(['0'.repeat(40)]);
  });

  it('outlives the queue that its sender waits with', async () => {
    const values = channel<string>({ capacity: 64 });
    await using queue = new Queue();
    const other = Channel.from<string>(values.handle(), { queue });
    const sent = [other.send('a'.repeat(50)), other.send('b')];
    const failed = expect(sent[1]).rejects.toMatchObject({ code: 'ERR_INVALID_STATE' });
    queue.close();
    await failed;
    expect(await values.once()).toBe('a'.repeat(50));
  });

  it.each([
    [() => channel({ capacity: 1 }), 'ERR_OUT_OF_RANGE'],
    [() => Channel.from({ memory: new SharedArrayBuffer(100) }), 'ERR_INVALID_ARG_VALUE'],
    [() => Channel.from(undefined as unknown as { memory: SharedArrayBuffer }), 'ERR_INVALID_ARG_TYPE'],
  ])('refuses what makes no sense: %s', (make, code) => {
    expect(make).toThrow(expect.objectContaining({ code }));
  });
});

describe('a channel between threads', () => {
  it('brings every value of several senders, each in its order, exactly once', async () => {
    const values = channel<number>({ capacity: 4096 });
    const senders = [0, 1, 2].map((n) =>
      worker({ handle: values.handle(), send: { from: n * 1e5, to: n * 1e5 + 5000 } }),
    );
    const exits = Promise.all(senders.map((sender) => once(sender, 'exit')));
    const seen = await values.take(15_000).toArray();
    await exits;
    for (const n of [0, 1, 2]) {
      expect(seen.filter((value) => Math.floor(value / 1e5) === n)).toEqual(numbers(n * 1e5, n * 1e5 + 5000));
    }
    expect(await values[Symbol.asyncIterator]().return?.()).toMatchObject({ done: true });
  });

  it('divides its values among readers in several threads', async () => {
    const values = channel<number>({ capacity: 1024 });
    const readers = [0, 1].map(() => worker({ handle: values.handle() }));
    await Promise.all(readers.map((reader) => once(reader, 'message')));
    const done = readers.map((reader) => once(reader, 'message'));
    for (const n of numbers(0, 5000)) await values.send(n);
    values.close();
    const all = (await Promise.all(done)).flatMap(([seen]) => seen as number[]);
    expect(all.sort((a, b) => a - b)).toEqual(numbers(0, 5000));
  });

  it('goes on when a thread that reads, or sends, is terminated', async () => {
    const values = channel<number>({ capacity: 1024 });
    const reader = worker({ handle: values.handle() });
    await once(reader, 'message');
    await reader.terminate();
    const sender = worker({ handle: values.handle(), send: { from: 0, to: 1e9 } });
    expect(await values.take(1000).toArray()).toEqual(numbers(0, 1000));
    await sender.terminate();
    const rest = values[Symbol.asyncIterator]();
    // It may have to wait for room: what the sender had sent before it was terminated is still there.
    const last = values.send(-1);
    let value = await rest.next();
    while (value.value !== -1) value = await rest.next();
    await last;
    await rest.return?.();
  });

  it('calls no function in JavaScript that a thread could end in while it has the lock', () => {
    const memory = new ChannelMemory(new SharedArrayBuffer(bytesFor(64)));
    const message = Buffer.from('a Buffer, as from v8.serialize()');
    message.subarray = () => {
      throw new Error('terminated');
    };
    expect([memory.put(message), memory.put(message)]).toEqual(['sent', 'full']);
    expect(memory.take()).toEqual(new Uint8Array(message));
    // Around the end of the ring.
    expect(memory.put(message)).toBe('sent');
    expect(memory.take()).toEqual(new Uint8Array(message));
  });

  it('keeps the process alive for a reader, until it is closed', async () => {
    const program = `
      import { channel } from 'kevent';
      const values = channel();
      setTimeout(() => values.send(1).then(() => values.close()), 50).unref();
      console.log(await values.toArray());
    `;
    expect(await runProgram(program)).toMatchObject({ code: 0, stdout: '[ 1 ]\n', stderr: '' });
  });
});
