import { describe, expect, it } from 'vitest';

import {
  createRing,
  KEVENT_SIGNAL_NOMASK,
  RingReader,
  readInodeRecords,
  readSignalRecords,
  readUkevent,
  toU64,
  UKEVENT_SIZE,
  writeUkevent,
} from '../../lib/raw.js';

describe('a ukevent', () => {
  it('is read as it was written', () => {
    const view = new Uint8Array(3 * UKEVENT_SIZE);
    const fields = {
      id: [1, 2],
      type: 3,
      event: 4,
      req_flags: 5,
      ret_flags: 6,
      ret_data: [7, 0xfffffff0],
      user: [8, 9],
    } as const;
    writeUkevent(view, 1, fields);
    expect(readUkevent(view, 1)).toEqual(fields);
    expect(readUkevent(view, 0).id).toEqual([0, 0]);
    expect(readUkevent(view, 2).id).toEqual([0, 0]);
  });

  it('lies in memory as the struct does', () => {
    const words = new Uint32Array(10);
    writeUkevent(words, 0, { id: [1, 2], type: 3, event: -1, req_flags: 5, user: 0x800000007n });
    expect([...words]).toEqual([1, 2, 3, 0xffffffff, 5, 0, 0, 0, 7, 8]);
  });

  it('takes a bigint id as the whole u64', () => {
    const view = new DataView(new ArrayBuffer(UKEVENT_SIZE));
    writeUkevent(view, 0, { id: KEVENT_SIGNAL_NOMASK | 10n });
    expect(toU64(readUkevent(view, 0).id)).toBe(0x800000000000000an);
  });

  it('is written in a view that does not start at the start of its buffer', () => {
    const buffer = new ArrayBuffer(8 + UKEVENT_SIZE);
    writeUkevent(new Uint8Array(buffer, 8), 0, { id: 5 });
    expect(new Uint32Array(buffer)[2]).toBe(5);
  });

  it.each([
    [1.5, 'ERR_OUT_OF_RANGE'],
    [2 ** 32, 'ERR_OUT_OF_RANGE'],
    [-(2 ** 31) - 1, 'ERR_OUT_OF_RANGE'],
    [Number.NaN, 'ERR_OUT_OF_RANGE'],
    [-1n, 'ERR_OUT_OF_RANGE'],
    [2n ** 64n, 'ERR_OUT_OF_RANGE'],
    ['1', 'ERR_INVALID_ARG_TYPE'],
    [[1], 'ERR_INVALID_ARG_TYPE'],
    [{}, 'ERR_INVALID_ARG_TYPE'],
  ])('refuses the id %s, and writes nothing', (id, code) => {
    const view = new Uint8Array(UKEVENT_SIZE).fill(0xaa);
    expect(() => writeUkevent(view, 0, { id: id as number })).toThrow(expect.objectContaining({ code }));
    expect(view.every((byte) => byte === 0xaa)).toBe(true);
  });

  it.each([-1, 1, 0.5, Number.NaN])('refuses the index %d of a view over one', (index) => {
    const code = 'ERR_OUT_OF_RANGE';
    expect(() => readUkevent(new Uint8Array(79), index)).toThrow(expect.objectContaining({ code }));
  });
});

describe('a ring', () => {
  it('is read through positions that go on for ever', () => {
    const reader = new RingReader(createRing(4), 4);
    expect([0, 1, 3, 4, 7, 8].map((position) => reader.base(position))).toEqual([2, 12, 32, 2, 32, 2]);
    expect([reader.kidx, reader.over]).toEqual([0, 0]);
  });

  it('has a size from 2 on', () => {
    for (const size of [0, 1, -1, 2.5, 2 ** 24 + 1]) {
      expect(() => createRing(size)).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
    }
    expect(() => new RingReader(new SharedArrayBuffer(80), 2)).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });
});

describe('a payload', () => {
  it('of an INODE event is read record by record', () => {
    const bytes = new Uint8Array(32 + 24);
    const words = new Uint32Array(bytes.buffer);
    words.set([1, 0, 5, 32, 3]);
    bytes.set(Buffer.from('hello'), 20);
    words.set([2, 7, 0, 24, 0xffffffff], 8);
    expect(readInodeRecords(bytes)).toEqual([
      { mask: 1, cookie: 0, wd: 3, name: Buffer.from('hello') },
      { mask: 2, cookie: 7, wd: -1, name: Buffer.alloc(0) },
    ]);
  });

  it('that is damaged does not hold its reader for ever', () => {
    const bytes = new Uint8Array(20);
    new Uint32Array(bytes.buffer).set([1, 0, 0xffffffff, 0, 1]);
    expect(readInodeRecords(bytes)).toHaveLength(1);
    expect(readInodeRecords(new Uint8Array(19))).toEqual([]);
    expect(readSignalRecords(new Uint8Array(31))).toEqual([]);
  });
});
