import { binding, FLAGS_RESUME, WAIT_AGAIN } from '../abi/binding.js';
import { outOfRange, systemError } from '../abi/errors.js';
import {
  type Buffers,
  checkFlags,
  checkInt,
  checkU32,
  type Timeout,
  toTimeout,
  toUkevents,
} from './arguments.js';

/*
 * The waiting calls block their thread. They sleep for at most 50 ms at a time, so that a worker
 * which waits can be terminated: V8 looks in loops like those below whether it has to stop.
 */

/** A run of slots that lie side by side. */
export interface Run {
  /** Of the first slot: a count of slots ever filled. */
  position: number;
  /** Slots. 0: none. */
  count: number;
}

const HINTS = new Map<number, string>([
  [-9, 'fd must be an open kevent queue'],
  [-22, 'fd must be a kevent queue and flags a sensible set of KEVENT_FLAGS_*'],
  [-125, 'the clock was set'],
]);

/** The hint for EINVAL of calls that need a ring. */
export const RING_HINT =
  'the queue must have a ring, num be at most and old_uidx below its size, and flags a sensible set of KEVENT_FLAGS_*';
/** The hint for EINVAL of kevent_claim. */
export const CLAIM_HINT =
  'the queue must have a ring and this consumer, and flags be a sensible set of KEVENT_FLAGS_*';

/** The result of a waiting call, or the error that it stands for. */
export function checkWait(result: number, syscall: string, einval?: string): number {
  if (result >= 0) return result;
  throw systemError(result, syscall, result === -22 && einval !== undefined ? einval : HINTS.get(result));
}

/**
 * Waits slice by slice. Each slice is a call of a JavaScript function: at a call V8 looks whether the
 * worker is being terminated, in the loop itself only every few thousand rounds.
 */
function inSlices(slice: (more: number) => number): number {
  let result = slice(0);
  while (result === WAIT_AGAIN) result = slice(FLAGS_RESUME);
  return result;
}

/** min_nr and max_nr of get_events. */
export function checkCounts(min_nr: number, max_nr: number): void {
  checkU32('min_nr', min_nr);
  checkU32('max_nr', max_nr);
  if (min_nr > max_nr) throw outOfRange('min_nr', `<= max_nr, which is ${max_nr}`, min_nr);
}

/**
 * Waits until `min_nr` events are ready, then moves up to `max_nr` of them to `buf`, and a copy of
 * each to the ring if there is one and it has room (else KEVENT_RET_COPY_FAILED in `buf`).
 *
 * @param fd - the queue
 * @param min_nr - events to wait for, at least
 * @param max_nr - events to take, at most
 * @param timeout - `null` for ever
 * @param buf - at least `max_nr` ukevents, starting at a multiple of 8 bytes
 * @param flags - KEVENT_FLAGS_*
 * @returns the number moved: fewer than `min_nr`, 0 too, if the time was over or READY woke us
 * @throws EAGAIN (NONBLOCK and nothing ready), EBADF (closed meanwhile, too), ECANCELED (the clock was
 * set), EINVAL; ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 * @example
 * const buf = new Uint8Array(8 * UKEVENT_SIZE);
 * const count = kevent_get_events(fd, 1, 8, 1_000_000_000n, buf);
 */
export function kevent_get_events(
  fd: number,
  min_nr: number,
  max_nr: number,
  timeout: Timeout,
  buf: Buffers,
  flags = 0,
): number {
  checkInt('fd', fd);
  checkCounts(min_nr, max_nr);
  const { sec, nsec } = toTimeout(timeout);
  const memory = toUkevents('buf', buf, 'max_nr', max_nr);
  checkFlags('kevent_get_events', flags);
  const native = binding();
  const result = inSlices((more) => native.getEvents(fd, min_nr, max_nr, sec, nsec, memory, flags | more));
  return checkWait(result, 'kevent_get_events');
}

/**
 * Waits until an event is ready and the ring has room, then moves up to `num` events into the ring.
 * Does not sleep if `ring_kidx` is no longer `old_uidx`.
 *
 * @param fd - the queue
 * @param num - at most the ring's size
 * @param old_uidx - the caller's copy of `ring_kidx`, up to which it has seen events
 * @param timeout - `null` for ever
 * @param flags - KEVENT_FLAGS_*
 * @returns the number moved: 0 if the time was over, READY woke us, or `ring_kidx` had moved on
 * @throws EAGAIN, ENOBUFS (NONBLOCK: nothing ready, the ring is full), EBADF (closed meanwhile, too),
 * ECANCELED (the clock was set), EINVAL; ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 * @example
 * const moved = kevent_wait(fd, 64, kidx, null);
 */
export function kevent_wait(fd: number, num: number, old_uidx: number, timeout: Timeout, flags = 0): number {
  checkInt('fd', fd);
  checkU32('num', num);
  checkU32('old_uidx', old_uidx);
  const { sec, nsec } = toTimeout(timeout);
  checkFlags('kevent_wait', flags);
  const native = binding();
  const result = inSlices((more) => native.wait(fd, num, old_uidx, sec, nsec, flags | more));
  return checkWait(result, 'kevent_wait', RING_HINT);
}

/**
 * Waits as `kevent_wait` does, and claims up to `max` slots that lie side by side for one consumer.
 *
 * @param fd - the queue
 * @param consumer - as `kevent_consumer_open` returned it
 * @param max - 0 collects into the ring and claims nothing
 * @param timeout - null: for ever; nanoseconds, or `{ sec, nsec }`
 * @param flags - KEVENT_FLAGS_* bits
 * @returns the run; its count is 0 if the time was over or READY woke us
 * @throws EAGAIN, ENOBUFS (NONBLOCK; `max` 0: the ring is full), EBADF, ECANCELED, EINVAL;
 * ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 * @example
 * const { position, count } = kevent_claim(fd, consumer, 64, null);
 * kevent_finish(fd, consumer, position, count);
 */
export function kevent_claim(fd: number, consumer: number, max: number, timeout: Timeout, flags = 0): Run {
  checkInt('fd', fd);
  checkInt('consumer', consumer);
  checkU32('max', max);
  const { sec, nsec } = toTimeout(timeout);
  checkFlags('kevent_claim', flags);
  const native = binding();
  const out = new Float64Array(1);
  const result = inSlices((more) => native.claim(fd, consumer, max, sec, nsec, flags | more, out));
  return { count: checkWait(result, 'kevent_claim', CLAIM_HINT), position: out[0] ?? 0 };
}
