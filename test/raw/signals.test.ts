import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  KEVENT_SIGNAL,
  KEVENT_SIGNAL_DELIVERY,
  kevent_get_events,
  kevent_payload,
  readSignalRecords,
  readUkevent,
  UKEVENT_SIZE,
} from '../../lib/raw.js';
import { RawQueue } from './queue.js';

// A signal that does no harm where nobody handles it: without NOMASK it is delivered the usual way too.
const SIGURG = 23;
const SECONDS = 1_000_000_000n;
const buf = new Uint8Array(UKEVENT_SIZE);
let queue: RawQueue;
beforeEach(() => {
  // Without a ring: an event in a slot that is not committed holds back the next one.
  queue = new RawQueue(0);
  queue.add({ type: KEVENT_SIGNAL, id: SIGURG, event: KEVENT_SIGNAL_DELIVERY });
});
afterEach(() => queue.close());

function raised(): number {
  process.kill(process.pid, SIGURG);
  return kevent_get_events(queue.fd, 1, 1, 10n * SECONDS, buf);
}

describe('a SIGNAL kevent', () => {
  it('says who sent the signal', () => {
    expect(raised()).toBe(1);
    const [record] = readSignalRecords(kevent_payload(queue.fd, readUkevent(buf, 0).ret_data[1]));
    expect(record).toMatchObject({ signo: SIGURG, pid: process.pid, uid: process.getuid?.() });
  });

  it('survives a listener of the same signal that comes and goes, which is called too', async () => {
    let called = 0;
    const listener = (): void => {
      called += 1;
    };
    process.on('SIGURG', listener);
    expect(raised()).toBe(1);
    await expect.poll(() => called).toBe(1);
    process.removeListener('SIGURG', listener);
    expect(raised()).toBe(1);
    expect(called).toBe(1);
  });

  it('leaves no listener on process when the last queue with signals is closed', () => {
    const mine = (): number => process.listenerCount('newListener') + process.listenerCount('removeListener');
    const before = mine();
    using second = new RawQueue(0);
    second.add({ type: KEVENT_SIGNAL, id: SIGURG, event: KEVENT_SIGNAL_DELIVERY });
    expect(mine()).toBe(before);
    queue.close();
    expect(mine()).toBe(before);
    second.close();
    expect(mine()).toBe(before - 2);
  });
});
