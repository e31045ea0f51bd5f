import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import { describe, expect, it } from 'vitest';

import { binding } from '../../lib/abi/binding.js';
import { Connection, Receiver } from './connection.js';

const native = binding();
const descriptors = (): number => readdirSync('/proc/self/fd').length;

/** Takes an ArrayBuffer away from its owner, as `transfer()` does where it exists. */
function transfer(buffer: ArrayBuffer): ArrayBuffer {
  const modern = buffer as ArrayBuffer & { transfer?: () => ArrayBuffer };
  return modern.transfer?.() ?? structuredClone(buffer, { transfer: [buffer] });
}

describe('a block of the slab', () => {
  it('has the bytes of its events', () => {
    using connection = new Connection();
    using receiver = new Receiver();
    receiver.add(connection.server);
    connection.say('hello');
    expect(receiver.text(receiver.next())).toBe('hello');
  });

  it('is the same memory in every ArrayBuffer that was asked for', () => {
    using connection = new Connection();
    using receiver = new Receiver();
    receiver.add(connection.server);
    connection.say('first');
    const event = receiver.next();
    const one = new Uint8Array(receiver.block(event.block));
    const two = new Uint8Array(receiver.block(event.block));
    expect(one).toHaveLength(65536);
    one[event.offset] = 70;
    expect(two[event.offset]).toBe(70);
    connection.say('next one');
    expect(Buffer.from(two.buffer, receiver.next().offset, 8).toString()).toBe('next one');
    expect(Buffer.from(one.buffer, 0, 8).toString()).toBe('next one');
  });

  it('stays as it is when it is kept, under more traffic and after the close of the queue', () => {
    using connection = new Connection();
    const receiver = new Receiver();
    receiver.add(connection.server);
    connection.say('keep me');
    const event = receiver.next();
    const kept = receiver.block(event.block, true);
    for (let i = 0; i < 20; i += 1) {
      connection.say('x'.repeat(9000));
      receiver.next();
    }
    receiver[Symbol.dispose]();
    expect(Buffer.from(kept, event.offset, event.length).toString()).toBe('keep me');
  });

  it('can be taken away by transfer: traffic goes on, and what was taken stays good', () => {
    using connection = new Connection();
    using receiver = new Receiver();
    receiver.add(connection.server);
    for (const keep of [false, true]) {
      connection.say('taken');
      const event = receiver.next();
      const memory = receiver.block(event.block, keep);
      let taken = memory;
      try {
        taken = transfer(memory);
      } catch {
        // Some versions of Node.js refuse: then it was not taken.
      }
      for (let i = 0; i < 20; i += 1) {
        connection.say('y'.repeat(9000));
        receiver.next();
      }
      expect(taken.byteLength).toBe(65536);
      if (keep) expect(Buffer.from(taken, event.offset, 5).toString()).toBe('taken');
    }
    connection.say('still');
    expect(receiver.text(receiver.next())).toBe('still');
  });

  it('must exist', () => {
    using receiver = new Receiver();
    expect(native.naioBlock(receiver.fd, 0, false)).toBe(-2);
    expect(native.naioBlock(receiver.fd, 2 ** 32, false)).toBe(-22);
    expect(native.naioBlock(0, 0, false)).toBe(-22);
    expect(native.naioBlock(-1, 0, false)).toBe(-9);
    expect(() => native.naioBlock(receiver.fd, 0, 1 as unknown as boolean)).toThrow(TypeError);
  });
});

describe('naioSlab', () => {
  it('is for before the first byte', () => {
    using connection = new Connection();
    using receiver = new Receiver();
    expect(native.naioSlab(receiver.fd, 4096, 2)).toBe(0);
    expect(native.naioSlab(receiver.fd, 5000, 2)).toBe(-22);
    expect(native.naioSlab(receiver.fd, 4096, 0)).toBe(-22);
    receiver.add(connection.server);
    connection.say('x');
    expect(receiver.block(receiver.next().block).byteLength).toBe(4096);
    expect(native.naioSlab(receiver.fd, 4096, 2)).toBe(-16);
  });
});

describe('naioSend', () => {
  it('gathers what belongs together, from arena and buffers, and says how much went', () => {
    using connection = new Connection();
    using receiver = new Receiver();
    receiver.add(connection.server);
    const { client } = connection;
    const arena = Buffer.from('..Hello, ..');
    const words = Int32Array.of(client, 2, 7, 1, client, 1, 5, 2, client, 9, 2, 0);
    expect(native.naioSend(words, 2, arena, [Buffer.from('.world.')])).toBe(2);
    expect(native.naioSend(words.subarray(8), 1, arena, [])).toBe(1);
    expect([words[2], words[10]]).toEqual([12, 2]);
    let text = '';
    while (text.length < 14) text += receiver.text(receiver.next());
    expect(text).toBe('Hello, world..');
  });

  it('answers each group by itself', () => {
    using connection = new Connection();
    const { client } = connection;
    const arena = new Uint8Array(8);
    const entries = [
      [-1, 0, 1, 0],
      [client, 8, 1, 0], // behind the arena
      [client, 4, -1, 0],
      [client, -1, 1, 0],
      [client, 0, 0, 2], // no buffer at all
      [client, 0, 0, 4],
      [client, 0, 0, 8], // no such buffer
      [client, 0, 0, -2],
      [client, 3, 2, 6], // behind a buffer
      [client, 5, 0, 6],
      [client, 0, 8, 1],
      [client, 9, 9, 1], // one bad piece: nothing of the group
      [client, 0, 1, 0],
      [client, 0, 0, 0],
      [client, 2, 2, 6],
      [client, 0, 8, 1], // the last one says that more comes
    ];
    const words = Int32Array.from(entries.flat());
    const buffers = [undefined, 'text', new Uint8Array(4)] as unknown as Uint8Array[];
    expect(native.naioSend(words, entries.length, arena, buffers)).toBe(entries.length);
    const results = entries.map((_, i) => words[i * 4 + 2]);
    expect(results).toEqual([-9, -14, -14, -14, -14, -14, -14, -14, -14, -14, -14, 9, 1, 0, 2, 8]);
  });

  it('looks at memory as it is, not as it was', () => {
    using connection = new Connection();
    const { client } = connection;
    const arena = new Uint8Array(64);
    const words = Int32Array.of(client, 0, 64, 1, client, 0, 8, 2);
    // A getter that takes everything away while it is looked at.
    const buffers: Uint8Array[] = [];
    Object.defineProperty(buffers, 0, {
      get: () => {
        structuredClone(0, { transfer: [arena.buffer, words.buffer] });
        return new Uint8Array(8);
      },
    });
    expect(native.naioSend(words, 2, arena, buffers)).toBe(2);
    expect(arena).toHaveLength(0);
    const error = new Error('from the getter');
    const throwing: Uint8Array[] = [];
    Object.defineProperty(throwing, 0, {
      get: () => {
        throw error;
      },
    });
    expect(() => native.naioSend(Int32Array.of(client, 0, 0, 2), 1, new Uint8Array(1), throwing)).toThrow(
      error,
    );
  });

  it('refuses words that are not there or not 32-bit', () => {
    const arena = new Uint8Array(1);
    expect(native.naioSend(new Int32Array(7), 2, arena, [])).toBe(-14);
    expect(native.naioSend(new Int32Array(8), -1, arena, [])).toBe(-22);
    expect(native.naioSend(new Int32Array(8), 2 ** 32, arena, [])).toBe(-22);
    expect(() => native.naioSend(new Uint32Array(4) as unknown as Int32Array, 1, arena, [])).toThrow(
      TypeError,
    );
    expect(native.naioSend(Int32Array.of(-1, 0, 1, 0), 1, arena, null as unknown as Uint8Array[])).toBe(1);
    expect(() =>
      native.naioSend(Int32Array.of(-1, 0, 0, 2), 1, arena, null as unknown as Uint8Array[]),
    ).toThrow(TypeError);
  });

  it('says EAGAIN when there is no room, and EPIPE when there is nobody', () => {
    using connection = new Connection();
    const { client, server } = connection;
    const large = new Uint8Array(16 << 20);
    const send = (fd: number): number => {
      const words = Int32Array.of(fd, 0, large.length, 2);
      native.naioSend(words, 1, large, [large]);
      return words[2] ?? 0;
    };
    const sent = send(client);
    expect(sent).toBeGreaterThan(0);
    expect(sent).toBeLessThan(large.length);
    while (send(client) > 0);
    expect(send(client)).toBe(-11);
    expect(native.socketShutdown(server, 1)).toBe(0);
    expect(send(server)).toBe(-32);
  });
});

describe('a worker', () => {
  const program = new URL('programs/receiving.js', import.meta.url);

  it('that is terminated with blocks in use leaves nothing open', async () => {
    const before = descriptors();
    for (let round = 0; round < 5; round += 1) {
      const worker = new Worker(program);
      await once(worker, 'message');
      await worker.terminate();
    }
    await expect.poll(descriptors).toBe(before);
  });
});
