import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  CLOCK_MONOTONIC,
  KEVENT_CTL_ADD,
  KEVENT_FLAGS_NONBLOCK,
  KEVENT_INODE,
  KEVENT_INODE_CREATE,
  KEVENT_PIPE,
  KEVENT_POLL,
  KEVENT_POLL_POLLIN,
  KEVENT_POSIX_TIMER,
  KEVENT_REQ_ALWAYS_QUEUE,
  KEVENT_REQ_ONESHOT,
  KEVENT_RET_BROKEN,
  KEVENT_RET_DONE,
  KEVENT_SOCKET_RECV,
  KEVENT_TIMER,
  KEVENT_TIMER_FIRED,
  KEVENT_UNOTIFY,
  kevent_claim,
  kevent_close,
  kevent_commit,
  kevent_consumer_close,
  kevent_consumer_open,
  kevent_ctl,
  kevent_finish,
  kevent_get_events,
  kevent_init,
  kevent_inode_unwatch,
  kevent_inode_watch,
  kevent_payload,
  kevent_share,
  kevent_stats,
  kevent_wait,
  posixTimerCreate,
  posixTimerDelete,
  posixTimerGettime,
  posixTimerSettime,
  RING_HEADER,
  readInodeRecords,
  readUkevent,
  UKEVENT_SIZE,
} from '../../lib/raw.js';
import { Fifo } from './fifo.js';
import { RawQueue } from './queue.js';

const buf = new Uint8Array(8 * UKEVENT_SIZE);
let queue: RawQueue;
beforeEach(() => {
  queue = new RawQueue(8);
});
afterEach(() => queue.close());

describe('the five calls', () => {
  it('carry a user event through the ring, and free its slot', () => {
    queue.addUser(7);
    queue.fire(7);
    expect(kevent_wait(queue.fd, 8, 0, null)).toBe(1);
    const slots = new Uint8Array(queue.ring as SharedArrayBuffer, RING_HEADER);
    expect(readUkevent(slots, 0)).toMatchObject({
      id: [7, 0],
      type: KEVENT_UNOTIFY,
      ret_flags: KEVENT_RET_DONE,
    });
    expect(queue.kidx).toBe(1);
    expect(kevent_commit(queue.fd, 1, 0)).toBe(1);
    expect(kevent_commit(queue.fd, 1, 0)).toBe(0);
  });

  it('carry a user event to a buffer', () => {
    queue.addUser(7);
    queue.fire(7);
    expect(kevent_get_events(queue.fd, 1, 8, null, buf)).toBe(1);
    expect(readUkevent(buf, 0)).toMatchObject({ id: [7, 0], ret_data: [1, 0] });
  });

  it('work with every kind of memory', () => {
    for (const memory of [
      new ArrayBuffer(80),
      new SharedArrayBuffer(80),
      new DataView(new ArrayBuffer(88), 8),
      new Float64Array(10),
      Buffer.alloc(80),
    ]) {
      expect(kevent_ctl(queue.fd, KEVENT_CTL_ADD, 0, memory)).toBe(0);
      expect(kevent_get_events(queue.fd, 0, 2, 0n, memory)).toBe(0);
    }
  });

  it('report a pipe that has something to read, to PIPE and POLL', () => {
    const fifo = new Fifo();
    queue.add({ type: KEVENT_PIPE, id: fifo.fd, event: KEVENT_SOCKET_RECV, req_flags: KEVENT_REQ_ONESHOT });
    queue.add({ type: KEVENT_POLL, id: fifo.fd, event: KEVENT_POLL_POLLIN, req_flags: KEVENT_REQ_ONESHOT });
    expect(kevent_get_events(queue.fd, 1, 8, 0n, buf)).toBe(0);
    fifo.write('x');
    expect(kevent_get_events(queue.fd, 2, 8, null, buf)).toBe(2);
    const types = [readUkevent(buf, 0).type, readUkevent(buf, 1).type];
    expect(types.sort()).toEqual([KEVENT_POLL, KEVENT_PIPE]);
    fifo.close();
  });

  it('hand an event that is ready straight back, without ALWAYS_QUEUE', () => {
    const fifo = new Fifo();
    fifo.write('x');
    const entry = queue.add({ type: KEVENT_PIPE, id: fifo.fd, event: KEVENT_SOCKET_RECV, req_flags: 0 });
    expect(readUkevent(entry, 0)).toMatchObject({
      ret_flags: KEVENT_RET_DONE,
      ret_data: [KEVENT_SOCKET_RECV, 0],
    });
    expect(kevent_stats(queue.fd)).toMatchObject({ immediate: 1, kevents: 0 });
    fifo.close();
  });

  it('write the outcome of each entry into it, and carry out the others', () => {
    const entries = new Uint8Array(2 * UKEVENT_SIZE);
    entries.set(queue.add({ type: KEVENT_UNOTIFY, id: 1, event: 1 }));
    new Uint32Array(entries.buffer, UKEVENT_SIZE).set([2, 0, KEVENT_UNOTIFY, 1, KEVENT_REQ_ALWAYS_QUEUE]);
    expect(kevent_ctl(queue.fd, KEVENT_CTL_ADD, 2, entries)).toBe(1);
    const first = readUkevent(entries, 0);
    expect(first.ret_flags).toBe(KEVENT_RET_BROKEN | KEVENT_RET_DONE);
    expect(first.ret_data[1] | 0).toBe(-17);
    expect(readUkevent(entries, 1).ret_flags).toBe(0);
  });

  it('wake a waiting call by READY without entries, even if it comes first', () => {
    queue.wake();
    expect(kevent_wait(queue.fd, 8, 0, null)).toBe(0);
    queue.wake();
    expect(kevent_get_events(queue.fd, 1, 8, null, buf)).toBe(0);
    const consumer = kevent_consumer_open(queue.fd);
    queue.wake();
    expect(kevent_claim(queue.fd, consumer, 8, null)).toEqual({ position: 0, count: 0 });
  });

  it('do not sleep if ring_kidx has moved on', () => {
    queue.addUser(1);
    queue.fire(1);
    expect(kevent_wait(queue.fd, 8, 0, null)).toBe(1);
    expect(kevent_wait(queue.fd, 8, 0, null)).toBe(0);
  });

  it('make a descriptor that is readable while events are ready', () => {
    using outer = new RawQueue(0);
    outer.add({ type: KEVENT_POLL, id: queue.fd, event: KEVENT_POLL_POLLIN });
    expect(kevent_get_events(outer.fd, 1, 1, 0n, buf)).toBe(0);
    queue.addUser(1);
    queue.fire(1);
    expect(kevent_get_events(outer.fd, 1, 1, null, buf)).toBe(1);
  });
});

describe('consumers', () => {
  it('claim runs, and give them back in any order', () => {
    const one = kevent_consumer_open(queue.fd);
    const two = kevent_consumer_open(queue.fd);
    for (let id = 0; id < 4; id += 1) {
      queue.addUser(id);
      queue.fire(id);
    }
    expect(kevent_claim(queue.fd, one, 2, null)).toEqual({ position: 0, count: 2 });
    expect(kevent_claim(queue.fd, two, 8, null)).toEqual({ position: 2, count: 2 });
    expect(kevent_finish(queue.fd, two, 2, 2)).toBe(0);
    expect(kevent_finish(queue.fd, one, 0, 2)).toBe(4);
    kevent_consumer_close(queue.fd, one);
    kevent_consumer_close(queue.fd, two);
    expect(() => kevent_consumer_close(queue.fd, two)).toThrow(expect.objectContaining({ code: 'EINVAL' }));
  });

  it('are at most 63', () => {
    for (let i = 0; i < 63; i += 1) kevent_consumer_open(queue.fd);
    expect(() => kevent_consumer_open(queue.fd)).toThrow(
      expect.objectContaining({ code: 'EUSERS', errno: -87 }),
    );
  });
});

describe('timers', () => {
  it('fire after their time', () => {
    queue.add({
      type: KEVENT_TIMER,
      id: [0, 5_000_000],
      event: KEVENT_TIMER_FIRED,
      req_flags: KEVENT_REQ_ONESHOT,
    });
    const start = process.hrtime.bigint();
    expect(kevent_get_events(queue.fd, 1, 1, null, buf)).toBe(1);
    expect(process.hrtime.bigint() - start).toBeGreaterThan(4_000_000n);
  });

  it('of POSIX kind are set, read and deleted', () => {
    const handle = posixTimerCreate(CLOCK_MONOTONIC);
    queue.add({ type: KEVENT_POSIX_TIMER, id: handle, event: KEVENT_TIMER_FIRED });
    posixTimerSettime(handle, 0, { sec: 100, nsec: 0 }, 5_000_000_000n);
    const { value, interval } = posixTimerGettime(handle);
    expect(value.sec).toBeGreaterThan(90);
    expect(interval).toEqual({ sec: 5, nsec: 0 });
    posixTimerSettime(handle, 0, 1_000_000n);
    expect(kevent_get_events(queue.fd, 1, 1, null, buf)).toBe(1);
    expect(readUkevent(buf, 0)).toMatchObject({ type: KEVENT_POSIX_TIMER, id: [handle, 0] });
    posixTimerDelete(handle);
    expect(() => posixTimerGettime(handle)).toThrow(
      expect.objectContaining({ code: 'EINVAL', syscall: 'timer_gettime' }),
    );
  });
});

describe('inodes', () => {
  it('are watched by path, and name what changed in a payload', () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'kevent-inode-'));
    const wd = kevent_inode_watch(queue.fd, directory, KEVENT_INODE_CREATE);
    expect(kevent_inode_watch(queue.fd, Buffer.from(directory), KEVENT_INODE_CREATE)).toBe(wd);
    queue.add({ type: KEVENT_INODE, id: wd, event: KEVENT_INODE_CREATE });
    writeFileSync(path.join(directory, 'grüße'), '');
    expect(kevent_get_events(queue.fd, 1, 1, null, buf)).toBe(1);
    const { ret_data } = readUkevent(buf, 0);
    const records = readInodeRecords(kevent_payload(queue.fd, ret_data[1]));
    expect(records.map(({ mask, name }) => [mask, name.toString()])).toEqual([
      [KEVENT_INODE_CREATE, 'grüße'],
    ]);
    const busy = expect.objectContaining({ code: 'EBUSY' });
    expect(() => kevent_inode_unwatch(queue.fd, wd)).toThrow(busy);
    queue.remove({ type: KEVENT_INODE, id: wd });
    rmSync(directory, { recursive: true });
  });

  it.each([
    ['/no/such/path', 'ENOENT'],
    [`/${'x'.repeat(5000)}`, 'ENAMETOOLONG'],
    [`/${'x'.repeat(300)}`, 'ENAMETOOLONG'],
  ])('that are not there are an error of the system', (name, code) => {
    const wrong = expect.objectContaining({ code, syscall: 'kevent_inode_watch' });
    expect(() => kevent_inode_watch(queue.fd, name, KEVENT_INODE_CREATE)).toThrow(wrong);
  });
});

describe('errors of the system', () => {
  it('have code, errno, syscall and a message that says what would be right', () => {
    let caught: unknown;
    try {
      kevent_init(null, 1);
    } catch (error) {
      caught = error;
    }
    expect(caught).toMatchObject({
      code: 'EINVAL',
      errno: -22,
      syscall: 'kevent_init',
      message: 'EINVAL: invalid argument, kevent_init (ring_size must be 0 without a ring)',
    });
  });

  const ring = (): SharedArrayBuffer => new SharedArrayBuffer(1000);
  it.each<[string, () => unknown, string, RegExp]>([
    ['a ring of one slot', () => kevent_init(ring(), 1), 'EINVAL', /at least 2/],
    ['a ring without size', () => kevent_init(ring(), 0), 'EINVAL', /at least 2/],
    ['a ring beyond the bound', () => kevent_init(ring(), 2 ** 24 + 1), 'EINVAL', /at most 16777216/],
    ['flags of init', () => kevent_init(null, 0, 1), 'EINVAL', /flags must be 0/],
    ['an unknown command', () => kevent_ctl(queue.fd, 4, 0, null), 'EINVAL', /KEVENT_CTL_ADD/],
    ['an fd that is no queue', () => kevent_ctl(0, 0, 0, null), 'EINVAL', /fd 0 must be a kevent queue/],
    ['an fd that is not open', () => kevent_ctl(99_999, 0, 0, null), 'EBADF', /kevent_ctl/],
    ['a wait for more than the ring', () => kevent_wait(queue.fd, 9, 0, 0n), 'EINVAL', /num be at most/],
    ['an index beyond the ring', () => kevent_wait(queue.fd, 1, 8, 0n), 'EINVAL', /old_uidx below/],
    ['unknown flags', () => kevent_wait(queue.fd, 1, 0, 0n, 0x100), 'EINVAL', /KEVENT_FLAGS/],
    ['a private flag', () => kevent_wait(queue.fd, 1, 0, 0n, 0x40), 'EINVAL', /KEVENT_FLAGS/],
    ['two clocks', () => kevent_wait(queue.fd, 1, 0, 0n, 6), 'EINVAL', /KEVENT_FLAGS/],
    ['a clock step without a clock', () => kevent_wait(queue.fd, 1, 0, 0n, 8), 'EINVAL', /KEVENT_FLAGS/],
    [
      'nothing ready',
      () => kevent_wait(queue.fd, 1, 0, null, KEVENT_FLAGS_NONBLOCK),
      'EAGAIN',
      /kevent_wait/,
    ],
    ['a commit beyond the head', () => kevent_commit(queue.fd, 1, 0), 'EINVAL', /were filled/],
    ['a consumer that is none', () => kevent_claim(queue.fd, 5, 1, 0n), 'EINVAL', /this consumer/],
    ['a payload that is none', () => kevent_payload(queue.fd, 12345), 'ENOENT', /slot is committed/],
    ['a clock that is none', () => posixTimerCreate(99), 'EINVAL', /CLOCK_MONOTONIC/],
    ['a wd that is none', () => kevent_inode_unwatch(queue.fd, 77), 'EINVAL', /wd must be/],
    ['a share of no queue', () => kevent_share(99_999, null), 'EBADF', /kevent_share/],
    ['a share with another ring', () => kevent_share(queue.fd, ring()), 'EINVAL', /ring of the queue/],
    ['a share without its ring', () => kevent_share(queue.fd, null), 'EINVAL', /ring of the queue/],
  ])('are thrown for %s', (_, call, code, message) => {
    expect(call).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  it('are thrown by every call after close', () => {
    const { fd } = queue;
    const consumer = kevent_consumer_open(fd);
    queue.close();
    const calls = [
      () => kevent_ctl(fd, 0, 0, null),
      () => kevent_get_events(fd, 1, 1, null, buf),
      () => kevent_wait(fd, 1, 0, null),
      () => kevent_commit(fd, 0, 0),
      () => kevent_claim(fd, consumer, 1, null),
      () => kevent_finish(fd, consumer, 0, 1),
      () => kevent_consumer_open(fd),
      () => kevent_consumer_close(fd, consumer),
      () => kevent_payload(fd, 1),
      () => kevent_inode_watch(fd, '/', 1),
      () => kevent_inode_unwatch(fd, 1),
      () => kevent_stats(fd),
      () => kevent_share(fd, null),
      () => kevent_close(fd),
    ];
    for (const call of calls) expect(call).toThrow(expect.objectContaining({ code: 'EBADF', errno: -9 }));
  });
});

describe('arguments', () => {
  const TYPE = 'ERR_INVALID_ARG_TYPE';
  const VALUE = 'ERR_INVALID_ARG_VALUE';
  const RANGE = 'ERR_OUT_OF_RANGE';
  const wrong = <T>(value: unknown): T => value as T;
  const growable = (): SharedArrayBuffer =>
    Reflect.construct(SharedArrayBuffer, [1000, { maxByteLength: 2000 }]) as SharedArrayBuffer;

  it.each<[string, () => unknown, string, RegExp]>([
    [
      'fd',
      () => kevent_close(wrong('3')),
      TYPE,
      /"fd" argument must be of type number. Received type string/,
    ],
    ['fd', () => kevent_close(-1), RANGE, /"fd".*Received -1/],
    ['fd', () => kevent_close(1.5), RANGE, /"fd"/],
    ['fd', () => kevent_close(2 ** 31), RANGE, /"fd"/],
    ['ring', () => kevent_init(wrong({}), 2), TYPE, /"ring" argument must be a SharedArrayBuffer or null/],
    ['ring', () => kevent_init(wrong(new ArrayBuffer(1000)), 2), TYPE, /an instance of ArrayBuffer/],
    ['ring', () => kevent_init(wrong(undefined), 0), TYPE, /Received undefined/],
    ['ring', () => kevent_init(new SharedArrayBuffer(87), 2), VALUE, /must have 88 bytes for 2 slots/],
    ['ring', () => kevent_init(growable(), 2), VALUE, /must not be growable/],
    ['ring_size', () => kevent_init(null, wrong(2n)), TYPE, /"ring_size"/],
    ['num', () => kevent_ctl(0, 0, 1, null), RANGE, /"num"/],
    ['num', () => kevent_ctl(0, 0, 3, new Uint8Array(80)), RANGE, /<= 2, the ukevents of 40 bytes/],
    ['num', () => kevent_ctl(0, 0, -1, null), RANGE, /"num"/],
    ['arg', () => kevent_ctl(0, 0, 1, wrong([1])), TYPE, /"arg".*an instance of Array/],
    ['arg', () => kevent_ctl(0, 0, 1, new Uint8Array(80).subarray(4)), VALUE, /multiple of 8/],
    ['min_nr', () => kevent_get_events(0, 2, 1, null, buf), RANGE, /"min_nr".*<= max_nr/],
    ['max_nr', () => kevent_get_events(0, 1, 9, null, buf), RANGE, /"max_nr".*<= 8/],
    ['timeout', () => kevent_wait(0, 1, 0, wrong(5)), TYPE, /null \(for ever\), a bigint/],
    ['timeout', () => kevent_wait(0, 1, 0, wrong(undefined)), TYPE, /"timeout"/],
    ['timeout', () => kevent_wait(0, 1, 0, -1n), RANGE, /"timeout"/],
    ['timeout', () => kevent_wait(0, 1, 0, 2n ** 100n), RANGE, /"timeout"/],
    ['timeout', () => kevent_wait(0, 1, 0, wrong({})), TYPE, /"timeout.sec"/],
    ['timeout', () => kevent_wait(0, 1, 0, { sec: -1, nsec: 0 }), RANGE, /"timeout.sec"/],
    ['timeout', () => kevent_wait(0, 1, 0, { sec: 0, nsec: 1e9 }), RANGE, /"timeout.nsec"/],
    ['flags', () => kevent_wait(0, 1, 0, null, -1), RANGE, /"flags"/],
    ['position', () => kevent_finish(0, 0, 2 ** 53, 1), RANGE, /"position"/],
    ['path', () => kevent_inode_watch(0, wrong(5), 1), TYPE, /"path"/],
    ['path', () => kevent_inode_watch(0, 'a\0b', 1), VALUE, /without null bytes/],
    ['path', () => kevent_inode_watch(0, Buffer.from([97, 0]), 1), VALUE, /without null bytes/],
  ])('named %s are checked', (_, call, code, message) => {
    expect(call).toThrow(expect.objectContaining({ code, message: expect.stringMatching(message) }));
  });

  it('in a detached buffer are out of range', () => {
    const view = new Uint8Array(80);
    structuredClone(view.buffer, { transfer: [view.buffer] });
    expect(() => kevent_ctl(queue.fd, 0, 1, view)).toThrow(expect.objectContaining({ code: RANGE }));
    expect(() => kevent_get_events(queue.fd, 1, 1, 0n, view)).toThrow(
      expect.objectContaining({ code: RANGE }),
    );
  });
});
