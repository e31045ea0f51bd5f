import { binding } from '../abi/binding.js';
import { KEVENT_FLAGS_NONBLOCK, KEVENT_FLAGS_SLICE } from '../abi/constants.js';
import {
  type Buffers,
  checkFlags,
  checkInt,
  checkU32,
  type Timeout,
  toTimeout,
  toUkevents,
} from './arguments.js';
import { type AsyncOptions, checkSignal, untilDone } from './pending.js';
import { kevent_stats } from './queues.js';
import {
  CLAIM_HINT,
  checkCounts,
  checkWait,
  kevent_claim,
  kevent_get_events,
  kevent_wait,
  RING_HINT,
  type Run,
} from './waiting.js';

const never = (): boolean => false;

/**
 * As {@link kevent_wait}, without blocking the thread. Keeps the process alive while it is pending.
 *
 * @param fd - the queue
 * @param num - as for kevent_wait
 * @param old_uidx - as for kevent_wait
 * @param timeout - null: for ever; nanoseconds, or `{ sec, nsec }`
 * @param flags - KEVENT_FLAGS_* bits
 * @param options - `signal` aborts the wait
 * @throws (rejects) as kevent_wait; AbortError (ABORT_ERR)
 * @example
 * const moved = await kevent_wait_async(fd, 64, kidx, null, 0, { signal });
 */
export async function kevent_wait_async(
  fd: number,
  num: number,
  old_uidx: number,
  timeout: Timeout,
  flags = 0,
  options?: AsyncOptions,
): Promise<number> {
  checkInt('fd', fd);
  checkU32('num', num);
  checkU32('old_uidx', old_uidx);
  const time = toTimeout(timeout);
  const signal = checkSignal(options);
  if (checkFlags('kevent_wait', flags) & KEVENT_FLAGS_NONBLOCK) {
    return kevent_wait(fd, num, old_uidx, timeout, flags);
  }
  const attempt = (): number => binding().wait(fd, num, old_uidx, -1, 0, KEVENT_FLAGS_NONBLOCK);
  const call = { fd, syscall: 'kevent_wait', attempt, last: attempt, incomplete: never };
  return checkWait(await untilDone(call, time, flags, signal), 'kevent_wait', RING_HINT);
}

/**
 * As {@link kevent_get_events}, without blocking the thread; `buf` is written just before the promise
 * is resolved. Keeps the process alive while it is pending. While fewer than `min_nr` events
 * are ready, it looks every 5 ms whether there are more.
 *
 * @param fd - the queue
 * @param min_nr - as for kevent_get_events
 * @param max_nr - as for kevent_get_events
 * @param timeout - null: for ever; nanoseconds, or `{ sec, nsec }`
 * @param buf - memory for `max_nr` ukevents
 * @param flags - KEVENT_FLAGS_* bits
 * @param options - `signal` aborts the wait
 * @throws (rejects) as kevent_get_events; AbortError (ABORT_ERR)
 * @example
 * const count = await kevent_get_events_async(fd, 1, 8, null, buf);
 */
export async function kevent_get_events_async(
  fd: number,
  min_nr: number,
  max_nr: number,
  timeout: Timeout,
  buf: Buffers,
  flags = 0,
  options?: AsyncOptions,
): Promise<number> {
  checkInt('fd', fd);
  checkCounts(min_nr, max_nr);
  const time = toTimeout(timeout);
  const memory = toUkevents('buf', buf, 'max_nr', max_nr);
  const signal = checkSignal(options);
  if (checkFlags('kevent_get_events', flags) & KEVENT_FLAGS_NONBLOCK) {
    return kevent_get_events(fd, min_nr, max_nr, timeout, buf, flags);
  }
  const get = (how: number): number => binding().getEvents(fd, min_nr, max_nr, -1, 0, memory, how);
  const call = {
    fd,
    syscall: 'kevent_get_events',
    attempt: () => get(KEVENT_FLAGS_NONBLOCK | KEVENT_FLAGS_SLICE),
    last: () => get(KEVENT_FLAGS_NONBLOCK),
    incomplete: min_nr > 1 ? () => kevent_stats(fd).ready > 0 : never,
  };
  return checkWait(await untilDone(call, time, flags, signal), 'kevent_get_events');
}

/**
 * As {@link kevent_claim}, without blocking the thread. Keeps the process alive while it is pending.
 *
 * @param fd - the queue
 * @param consumer - as for kevent_claim
 * @param max - as for kevent_claim
 * @param timeout - null: for ever; nanoseconds, or `{ sec, nsec }`
 * @param flags - KEVENT_FLAGS_* bits
 * @param options - `signal` aborts the wait
 * @throws (rejects) as kevent_claim; AbortError (ABORT_ERR)
 * @example
 * const { position, count } = await kevent_claim_async(fd, consumer, 64, null);
 */
export async function kevent_claim_async(
  fd: number,
  consumer: number,
  max: number,
  timeout: Timeout,
  flags = 0,
  options?: AsyncOptions,
): Promise<Run> {
  checkInt('fd', fd);
  checkInt('consumer', consumer);
  checkU32('max', max);
  const time = toTimeout(timeout);
  const signal = checkSignal(options);
  if (checkFlags('kevent_claim', flags) & KEVENT_FLAGS_NONBLOCK) {
    return kevent_claim(fd, consumer, max, timeout, flags);
  }
  const out = new Float64Array(1);
  // Not NONBLOCK, which leaves a wake-up by READY to those who wait: we do wait, only not here.
  const attempt = (): number => binding().claim(fd, consumer, max, 0, 0, KEVENT_FLAGS_SLICE, out);
  const call = { fd, syscall: 'kevent_claim', attempt, last: attempt, incomplete: never };
  const count = checkWait(await untilDone(call, time, flags, signal), 'kevent_claim', CLAIM_HINT);
  return { count, position: out[0] ?? 0 };
}
