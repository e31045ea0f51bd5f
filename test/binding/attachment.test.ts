import { setImmediate as immediate } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { binding } from '../../lib/abi/binding.js';
import {
  type Attachment,
  CONTROL_COUNT,
  CONTROL_FINISHED,
  CONTROL_IN_TURN,
  CONTROL_LENGTH,
  CONTROL_PLAIN_FROM,
  CONTROL_POSITION,
  CONTROL_WANT,
} from '../../lib/abi/handles.js';
import { KEVENT_REQ_ALWAYS_QUEUE, KEVENT_REQ_ONESHOT, KEVENT_UNOTIFY, kevent_stats } from '../../lib/raw.js';
import { RawQueue } from '../raw/queue.js';

const RING = 8;

let queue: RawQueue;
let control: Float64Array;
let attachment: Attachment;
let callback: () => void;

beforeEach(() => {
  queue = new RawQueue(RING);
  control = new Float64Array(new SharedArrayBuffer(CONTROL_LENGTH * 8));
  callback = () => undefined;
  attachment = new (binding().Attachment)(queue.fd, control, () => callback());
  expect(attachment.open()).toBeGreaterThanOrEqual(0);
  expect(attachment.start()).toBe(0);
  attachment.ref();
});

afterEach(() => {
  attachment.close();
  queue.close();
});

const at = (place: number): number => control[place] ?? Number.NaN;

/** Makes the callback take whole runs until `count` events were seen. */
function receive(count: number): Promise<number[]> {
  const runs: number[] = [];
  let seen = 0;
  control[CONTROL_WANT] = 1;
  return new Promise((resolve) => {
    callback = () => {
      runs.push(at(CONTROL_COUNT));
      seen += at(CONTROL_COUNT);
      control[CONTROL_FINISHED] = at(CONTROL_COUNT);
      // The run is given back when this turn is over, not before.
      if (seen >= count) setImmediate(resolve, runs);
    };
  });
}

describe('an attachment', () => {
  it('is told of what becomes ready, in runs', async () => {
    for (let id = 0; id < 5; id += 1) queue.addUser(id);
    const received = receive(5);
    for (let id = 0; id < 5; id += 1) queue.fire(id);
    expect(await received).toEqual([5]);
    expect(kevent_stats(queue.fd)).toMatchObject({ delivered: 5, head: 5, tail: 5 });
  });

  it('is told of what was ready before it started', async () => {
    attachment.stop();
    queue.addUser(1);
    queue.fire(1);
    const received = receive(1);
    attachment.start();
    expect(await received).toEqual([1]);
  });

  it('gets more events than the ring has slots, without losing one', async () => {
    const total = 50;
    for (let id = 0; id < total; id += 1) queue.addUser(id);
    const received = receive(total);
    for (let id = 0; id < total; id += 1) queue.fire(id);
    const runs = await received;
    expect(runs.reduce((sum, count) => sum + count, 0)).toBe(total);
    expect(Math.max(...runs)).toBeLessThanOrEqual(RING);
    expect(kevent_stats(queue.fd)).toMatchObject({ delivered: total, head: total, tail: total });
  });

  it('runs ticks and microtasks before a run is given back', async () => {
    queue.addUser(1);
    control[CONTROL_WANT] = 1;
    const seen: number[] = [];
    const done = new Promise<void>((resolve) => {
      callback = () => {
        process.nextTick(() => seen.push(at(CONTROL_IN_TURN)));
        void Promise.resolve().then(() => {
          seen.push(at(CONTROL_IN_TURN));
          control[CONTROL_FINISHED] = 1;
          resolve();
        });
      };
    });
    queue.fire(1);
    await done;
    await immediate();
    expect(seen).toEqual([1, 1]);
    expect(at(CONTROL_IN_TURN)).toBe(0);
    expect(kevent_stats(queue.fd).tail).toBe(1);
  });

  it('holds what is not finished, until finish', async () => {
    for (let id = 0; id < 4; id += 1) queue.addUser(id);
    control[CONTROL_WANT] = 1;
    const called = new Promise<void>((resolve) => {
      callback = () => {
        control[CONTROL_FINISHED] = 1;
        control[CONTROL_WANT] = 0;
        resolve();
      };
    });
    for (let id = 0; id < 4; id += 1) queue.fire(id);
    await called;
    await immediate();
    const position = at(CONTROL_POSITION);
    expect(kevent_stats(queue.fd)).toMatchObject({ head: 4, tail: 1 });
    expect(attachment.finish(position + 1, 3)).toBe(3);
    expect(kevent_stats(queue.fd).tail).toBe(4);
    expect(attachment.finish(position + 1, 3)).toBe(0);
  });

  it('fills the ring and then rests, while nobody wants events', async () => {
    control[CONTROL_WANT] = 0;
    const total = RING + 4;
    for (let id = 0; id < total; id += 1) queue.addUser(id);
    for (let id = 0; id < total; id += 1) queue.fire(id);
    await expect.poll(() => kevent_stats(queue.fd).head).toBe(RING);
    const { collects } = kevent_stats(queue.fd);
    for (let turn = 0; turn < 20; turn += 1) await immediate();
    expect(kevent_stats(queue.fd).collects - collects).toBeLessThan(3);
    // A claim, and the finish that goes with it, set it going again.
    expect(attachment.claim(3)).toBe(3);
    expect(attachment.finish(at(CONTROL_POSITION), 3)).toBe(3);
    await expect.poll(() => kevent_stats(queue.fd).head).toBe(RING + 3);
    const received = receive(total - 3);
    expect(attachment.start()).toBe(0);
    await received;
    expect(kevent_stats(queue.fd)).toMatchObject({ head: total, tail: total });
  });

  it('claims outside a turn only', async () => {
    queue.addUser(1);
    expect(attachment.claim(8)).toBe(0);
    queue.fire(1);
    expect(attachment.claim(8)).toBe(1);
    expect(at(CONTROL_COUNT)).toBe(1);
    expect(attachment.finish(at(CONTROL_POSITION), 1)).toBe(1);
    control[CONTROL_WANT] = 1;
    const inside = new Promise<number>((resolve) => {
      callback = () => {
        resolve(attachment.claim(8));
        control[CONTROL_FINISHED] = 1;
      };
    });
    queue.fire(1);
    expect(await inside).toBe(-16);
  });

  it('says from where on no event is the last of its kevent', async () => {
    queue.addUser(1);
    queue.add({
      type: KEVENT_UNOTIFY,
      id: 2,
      event: 1,
      req_flags: KEVENT_REQ_ONESHOT | KEVENT_REQ_ALWAYS_QUEUE,
    });
    queue.addUser(3);
    for (const id of [1, 2, 3]) queue.fire(id);
    expect(attachment.claim(1)).toBe(1);
    expect([at(CONTROL_POSITION), at(CONTROL_PLAIN_FROM)]).toEqual([0, 2]);
    expect(attachment.finish(0, 1)).toBe(1);
    await receive(2);
    expect([at(CONTROL_POSITION), at(CONTROL_PLAIN_FROM)]).toEqual([1, 2]);
    const received = receive(1);
    queue.fire(3);
    await received;
    expect([at(CONTROL_POSITION), at(CONTROL_PLAIN_FROM)]).toEqual([3, 2]);
  });

  it('can be closed in its callback: what it said it finished is finished, the rest goes to others', async () => {
    for (let id = 0; id < 4; id += 1) queue.addUser(id);
    control[CONTROL_WANT] = 1;
    let calls = 0;
    const closed = new Promise<void>((resolve) => {
      callback = () => {
        calls += 1;
        control[CONTROL_FINISHED] = 2;
        expect(attachment.close()).toBe(0);
        resolve();
      };
    });
    for (let id = 0; id < 4; id += 1) queue.fire(id);
    await closed;
    await immediate();
    expect(calls).toBe(1);
    expect(kevent_stats(queue.fd).tail).toBe(2);
    const other = new Float64Array(new SharedArrayBuffer(CONTROL_LENGTH * 8));
    const next = new (binding().Attachment)(queue.fd, other, () => undefined);
    next.open();
    expect(next.claim(8)).toBe(2);
    expect(other[CONTROL_POSITION]).toBe(2);
    next.close();
  });

  it('can be stopped in its callback', async () => {
    for (let id = 0; id < 20; id += 1) queue.addUser(id);
    control[CONTROL_WANT] = 1;
    let calls = 0;
    callback = () => {
      calls += 1;
      control[CONTROL_FINISHED] = at(CONTROL_COUNT);
      attachment.stop();
    };
    for (let id = 0; id < 20; id += 1) queue.fire(id);
    await expect.poll(() => calls).toBe(1);
    for (let turn = 0; turn < 5; turn += 1) await immediate();
    expect(calls).toBe(1);
    const received = receive(20 - RING);
    attachment.start();
    await received;
  });

  it.each([Number.NaN, -1, 1e300, 1.5])('is not confused by FINISHED %d', async (said) => {
    for (let id = 0; id < 4; id += 1) queue.addUser(id);
    control[CONTROL_WANT] = 1;
    const called = new Promise<void>((resolve) => {
      callback = () => {
        control[CONTROL_FINISHED] = said;
        control[CONTROL_WANT] = 0;
        resolve();
      };
    });
    for (let id = 0; id < 4; id += 1) queue.fire(id);
    await called;
    await immediate();
    const expected = said > 4 ? 4 : Math.max(0, Math.floor(said)) || 0;
    expect(kevent_stats(queue.fd).tail).toBe(expected);
  });

  it('hears that its queue was closed by another', async () => {
    const heard = new Promise<number>((resolve) => {
      callback = () => resolve(at(CONTROL_COUNT));
    });
    control[CONTROL_WANT] = 1;
    queue.close();
    expect(await heard).toBe(-9);
    expect(attachment.start()).toBe(-9);
    expect(attachment.claim(1)).toBe(-9);
    expect(attachment.finish(0, 1)).toBe(-9);
  });

  it('gives other handles of the loop their turn', async () => {
    queue.addUser(1);
    control[CONTROL_WANT] = 1;
    let delivered = 0;
    // Each run makes the next one ready: without a budget the turn would never end.
    callback = () => {
      delivered += 1;
      control[CONTROL_FINISHED] = at(CONTROL_COUNT);
      queue.fire(1);
    };
    queue.fire(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(delivered).toBeGreaterThan(1);
    callback = () => {
      control[CONTROL_FINISHED] = at(CONTROL_COUNT);
    };
  });

  it('is told apart from another of the same queue: each event goes to one of them', async () => {
    const other = new Float64Array(new SharedArrayBuffer(CONTROL_LENGTH * 8));
    let mine = 0;
    let others = 0;
    const second = new (binding().Attachment)(queue.fd, other, () => {
      others += other[CONTROL_COUNT] ?? 0;
      other[CONTROL_FINISHED] = other[CONTROL_COUNT] ?? 0;
    });
    second.open();
    second.start();
    other[CONTROL_WANT] = 1;
    control[CONTROL_WANT] = 1;
    callback = () => {
      mine += at(CONTROL_COUNT);
      control[CONTROL_FINISHED] = at(CONTROL_COUNT);
    };
    const total = 100;
    for (let id = 0; id < total; id += 1) queue.addUser(id);
    for (let id = 0; id < total; id += 1) queue.fire(id);
    await expect.poll(() => mine + others).toBe(total);
    expect(kevent_stats(queue.fd)).toMatchObject({ head: total, tail: total });
    second.close();
  });
});
