import { clearTimeout, setTimeout } from 'node:timers';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  KEVENT_FLAGS_ABSTIME,
  KEVENT_FLAGS_BOOTTIME,
  KEVENT_FLAGS_CLOCK_STEP,
  KEVENT_FLAGS_MONOTONIC,
  KEVENT_REQ_ONESHOT,
  KEVENT_TIMER,
  KEVENT_TIMER_FIRED,
  kevent_claim,
  kevent_consumer_open,
  kevent_get_events,
  kevent_wait,
  UKEVENT_SIZE,
} from '../../lib/raw.js';
import { Fifo } from './fifo.js';
import { RawQueue } from './queue.js';

const MS = 1_000_000n;
const buf = new Uint8Array(8 * UKEVENT_SIZE);
let queue: RawQueue;
beforeEach(() => {
  queue = new RawQueue(8);
});
afterEach(() => queue.close());

function elapsed(call: () => unknown): bigint {
  const start = process.hrtime.bigint();
  call();
  return process.hrtime.bigint() - start;
}

describe('a waiting call', () => {
  const realtime = (after: bigint): bigint => BigInt(Date.now()) * MS + after;
  it.each<[string, (after: bigint) => unknown]>([
    ['wait', (after) => kevent_wait(queue.fd, 1, 0, after)],
    ['get_events', (after) => kevent_get_events(queue.fd, 1, 1, after, buf)],
    ['claim', (after) => kevent_claim(queue.fd, kevent_consumer_open(queue.fd), 1, after).count],
    ['wait on CLOCK_BOOTTIME', (after) => kevent_wait(queue.fd, 1, 0, after, KEVENT_FLAGS_BOOTTIME)],
    [
      'wait until a point on CLOCK_MONOTONIC',
      (after) =>
        kevent_wait(
          queue.fd,
          1,
          0,
          process.hrtime.bigint() + after,
          KEVENT_FLAGS_ABSTIME | KEVENT_FLAGS_MONOTONIC,
        ),
    ],
    [
      'wait until a point on CLOCK_REALTIME',
      (after) => kevent_wait(queue.fd, 1, 0, realtime(after), KEVENT_FLAGS_ABSTIME),
    ],
    [
      'wait until a point on a clock that may be set',
      (after) => kevent_wait(queue.fd, 1, 0, realtime(after), KEVENT_FLAGS_ABSTIME | KEVENT_FLAGS_CLOCK_STEP),
    ],
  ])('%s returns 0 when its time is over, and not before, however many slices that takes', (_, call) => {
    for (const after of [0n, 1n, 3n * MS, 120n * MS]) {
      let result: unknown;
      const took = elapsed(() => {
        result = call(after);
      });
      expect(result).toBe(0);
      // Date.now() is up to a millisecond behind.
      expect(took + MS).toBeGreaterThanOrEqual(after);
      expect(took).toBeLessThan(after + 1000n * MS);
    }
  });

  it('does not wait for a point in time that is past', () => {
    const took = elapsed(() => kevent_wait(queue.fd, 1, 0, 0n, KEVENT_FLAGS_ABSTIME));
    expect(took).toBeLessThan(50n * MS);
  });

  it('sees an event in whichever slice it comes', () => {
    for (const after of [1, 49, 51, 130]) {
      queue.add({
        type: KEVENT_TIMER,
        id: [0, after * 1_000_000],
        event: KEVENT_TIMER_FIRED,
        req_flags: KEVENT_REQ_ONESHOT,
      });
      expect(kevent_get_events(queue.fd, 1, 8, null, buf)).toBe(1);
    }
  });

  it('moves nothing before min_nr are ready, and what there is when its time is over', () => {
    using plain = new RawQueue(0);
    const fifo = new Fifo();
    fifo.write('x');
    plain.add({ type: 6, id: fifo.fd, event: 1 });
    const took = elapsed(() => {
      // A level event: moved at the end of each slice, it would be counted again and again.
      expect(kevent_get_events(plain.fd, 2, 8, 170n * MS, buf)).toBe(1);
    });
    expect(took).toBeGreaterThanOrEqual(170n * MS);
    fifo.close();
  });

  it('leaves the event loop as it was', async () => {
    let fired = false;
    const timer = setTimeout(() => {
      fired = true;
    }, 1);
    kevent_wait(queue.fd, 1, 0, 20n * MS);
    expect(fired).toBe(false);
    await expect.poll(() => fired).toBe(true);
    clearTimeout(timer);
  });
});
