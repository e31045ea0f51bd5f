import { describe, expect, it } from 'vitest';

import { Queue } from '../../lib/index.js';
import {
  KEVENT_NAIO,
  KEVENT_SOCKET_RECV,
  kevent_commit,
  kevent_get_events,
  kevent_naio_hold,
  kevent_naio_slab,
  kevent_wait,
  type NaioData,
  RING_HEADER,
  readNaio,
  readUkevent,
  UKEVENT_SIZE,
} from '../../lib/raw.js';
import { Fifo } from './fifo.js';
import { RawQueue } from './queue.js';

const SIZE = 4;

/** A queue that receives from a pipe, through its ring. */
class Receiving extends RawQueue {
  readonly pipe = new Fifo();
  #seen = 0;

  constructor() {
    super(SIZE);
  }

  start(): void {
    this.add({ type: KEVENT_NAIO, id: this.pipe.fd, event: KEVENT_SOCKET_RECV });
  }

  next(): NaioData {
    kevent_wait(this.fd, 1, this.#seen % SIZE, null);
    const slots = new Uint8Array(this.ring as SharedArrayBuffer, RING_HEADER);
    const event = readNaio(readUkevent(slots, this.#seen % SIZE).ret_data);
    this.#seen += 1;
    return event;
  }

  commit(): void {
    kevent_commit(this.fd, this.#seen % SIZE, Math.floor(this.#seen / SIZE));
  }

  text({ block, offset, length }: NaioData): string {
    return Buffer.from(kevent_naio_hold(this.fd, block), offset, length).toString();
  }

  override [Symbol.dispose](): void {
    this.close();
    this.pipe.close();
  }
}

describe('NAIO in kevent/raw', () => {
  it('says where in the slab the bytes of an event are', () => {
    using queue = new Receiving();
    queue.start();
    for (const text of ['first', 'and the second']) {
      queue.pipe.write(text);
      const event = queue.next();
      expect(event).toMatchObject({ what: KEVENT_SOCKET_RECV, length: text.length });
      expect(queue.text(event)).toBe(text);
      queue.commit();
    }
  });

  it('receives nothing while every block is in use, and loses nothing', () => {
    using queue = new Receiving();
    kevent_naio_slab(queue.fd, 4096, 1);
    queue.start();
    queue.pipe.write('a'.repeat(4096) + 'b'.repeat(10));
    const event = queue.next();
    expect(queue.text(event)).toBe('a'.repeat(4096));
    expect(kevent_wait(queue.fd, 1, 1, 0n)).toBe(0);
    queue.commit();
    expect(queue.text(queue.next())).toBe('b'.repeat(10));
  });

  it('leaves a block that is kept to who keeps it, the queue closed or not', () => {
    using queue = new Receiving();
    queue.start();
    queue.pipe.write('to be kept');
    const { block, offset, length } = queue.next();
    const kept = Buffer.from(kevent_naio_hold(queue.fd, block, true), offset, length);
    queue.commit();
    queue.pipe.write('something else');
    queue.next();
    queue.close();
    expect(String(kept)).toBe('to be kept');
  });

  it('works without a ring', () => {
    using queue = new RawQueue(0);
    const pipe = new Fifo();
    queue.add({ type: KEVENT_NAIO, id: pipe.fd, event: KEVENT_SOCKET_RECV });
    pipe.write('no ring');
    const buffer = new Uint8Array(UKEVENT_SIZE);
    expect(kevent_get_events(queue.fd, 1, 1, null, buffer)).toBe(1);
    const { block, offset, length } = readNaio(readUkevent(buffer, 0).ret_data);
    expect(String(Buffer.from(kevent_naio_hold(queue.fd, block), offset, length))).toBe('no ring');
    pipe.close();
  });

  it('receives for a Queue too, whose commit gives the block back', async () => {
    const queue = new Queue();
    const pipe = new Fifo();
    pipe.write('by handler');
    const text = await new Promise<string>((resolve) => {
      queue.add({ type: KEVENT_NAIO, id: pipe.fd, event: KEVENT_SOCKET_RECV }, ({ data0, data1 }) => {
        const { block, offset, length } = readNaio([data0, data1]);
        resolve(String(Buffer.from(kevent_naio_hold(queue.fd, block), offset, length)));
      });
    });
    expect(text).toBe('by handler');
    queue.close();
    pipe.close();
  });

  it('refuses what makes no sense, and says why', () => {
    using queue = new Receiving();
    const { fd } = queue;
    const code = (error: string) => expect.objectContaining({ code: error });
    for (const [size, blocks] of [
      [4095, 1] as const,
      [2048, 1] as const,
      [4096, 0] as const,
      [4096, 4097] as const,
    ]) {
      expect(() => kevent_naio_slab(fd, size, blocks)).toThrow(code('EINVAL'));
    }
    expect(() => kevent_naio_slab(fd, -1, 1)).toThrow(code('ERR_OUT_OF_RANGE'));
    expect(() => kevent_naio_hold(fd, 0)).toThrow(code('ENOENT'));
    expect(() => kevent_naio_hold(fd, 0.5)).toThrow(code('ERR_OUT_OF_RANGE'));
    expect(() => kevent_naio_hold(queue.pipe.fd, 0)).toThrow(code('EINVAL'));
    expect(() => Reflect.apply(kevent_naio_hold, undefined, [fd, 0, 1])).toThrow(
      code('ERR_INVALID_ARG_TYPE'),
    );
    queue.start();
    queue.pipe.write('x');
    queue.next();
    expect(() => kevent_naio_slab(fd, 4096, 1)).toThrow(code('EBUSY'));
  });
});
