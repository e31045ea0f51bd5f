import { binding } from '../abi/binding.js';
import { KEVENT_CTL_ADD, KEVENT_CTL_READY, KEVENT_MAX_RING, KEVENT_SIGNAL } from '../abi/constants.js';
import { invalidArgValue, outOfRange, systemError } from '../abi/errors.js';
import { UKEVENT_WORDS, WORD_TYPE } from '../abi/layout.js';
import { ringBytes } from '../abi/ring.js';
import { holdSignals, releaseSignals, signalsHeld } from '../abi/signals.js';
import { readStatistics, type Statistics } from '../abi/statistics.js';
import { type Buffers, checkInt, checkU32, toRing, toUkevents } from './arguments.js';

const EINVAL = -22;

/** A result, or the error that it stands for. */
export function check(result: number, syscall: string, hint?: string): number {
  if (result >= 0) return result;
  throw systemError(result, syscall, hint);
}

function initHint(ring: SharedArrayBuffer | null, size: number, flags: number): string | undefined {
  if (flags !== 0) return 'flags must be 0';
  if (ring === null && size !== 0) return 'ring_size must be 0 without a ring';
  if (ring !== null && size < 2) return 'ring_size must be at least 2 with a ring';
  if (size > KEVENT_MAX_RING) return `ring_size must be at most ${KEVENT_MAX_RING}`;
  return undefined;
}

/**
 * Makes a queue.
 *
 * @param ring - zeroed memory of `RING_HEADER + ring_size * UKEVENT_SIZE` bytes, not growable; events are
 * written there until the queue is closed. `null`: a queue without a ring.
 * @param ring_size - slots: at least 2, or 0 without a ring
 * @param flags - 0
 * @returns a pollable, close-on-exec file descriptor, readable while events are ready
 * @throws EINVAL, EMFILE, ENFILE, ENOMEM; ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE (ring too short or growable)
 * @example
 * const ring = new SharedArrayBuffer(RING_HEADER + 64 * UKEVENT_SIZE);
 * const fd = kevent_init(ring, 64);
 */
export function kevent_init(ring: SharedArrayBuffer | null, ring_size: number, flags = 0): number {
  const memory = ring === null ? null : toRing(ring);
  checkU32('ring_size', ring_size);
  checkU32('flags', flags);
  const hint = initHint(ring, ring_size, flags);
  if (hint !== undefined) throw systemError(EINVAL, 'kevent_init', hint);
  if (memory !== null && memory.byteLength < ringBytes(ring_size)) {
    throw invalidArgValue('ring', `must have ${ringBytes(ring_size)} bytes for ${ring_size} slots`, ring);
  }
  return check(binding().init(memory, ring_size, flags), 'kevent_init');
}

/**
 * Lets this thread use a queue that another thread of this process made, and keep it (and its ring)
 * alive: the queue is closed by `kevent_close`, or when the last thread that holds it is gone.
 *
 * @param fd - the queue
 * @param ring - the queue's ring, as it came by postMessage or workerData; `null` if it has none
 * @throws EBADF (no queue of this process), EINVAL (not its ring)
 * @example
 * const { fd, ring } = workerData;
 * kevent_share(fd, ring);
 */
export function kevent_share(fd: number, ring: SharedArrayBuffer | null): void {
  const memory = ring === null ? null : toRing(ring);
  check(binding().share(checkInt('fd', fd), memory), 'kevent_share', 'ring must be the ring of the queue fd');
}

function hasSignal(entries: NodeJS.TypedArray, num: number): boolean {
  const words = new Uint32Array(entries.buffer, entries.byteOffset, num * UKEVENT_WORDS);
  for (let at = WORD_TYPE; at < words.length; at += UKEVENT_WORDS) {
    if (words[at] === KEVENT_SIGNAL) return true;
  }
  return false;
}

/**
 * Adds, removes, modifies or makes ready `num` kevents. The outcome of each is written into its entry:
 * `ret_flags` 0 (queued), DONE (carried out; ADD: ready now and not registered), BROKEN|DONE (failed,
 * `ret_data[1]` is the negative errno). READY with `num` 0 wakes one waiting thread.
 *
 * @param fd - the queue
 * @param cmd - KEVENT_CTL_*
 * @param num - entries of `arg`
 * @param arg - at least `num` ukevents, starting at a multiple of 8 bytes; may be null if `num` is 0
 * @returns how many entries were carried out: `num` less those that are BROKEN
 * @throws EBADF, EINVAL; ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE
 * @example
 * writeUkevent(entry, 0, { id: [1, 0], type: KEVENT_TIMER, event: KEVENT_TIMER_FIRED });
 * kevent_ctl(fd, KEVENT_CTL_ADD, 1, entry);
 */
export function kevent_ctl(fd: number, cmd: number, num: number, arg: Buffers | null): number {
  checkInt('fd', fd);
  checkU32('cmd', cmd);
  checkU32('num', num);
  if (cmd > KEVENT_CTL_READY) {
    throw systemError(EINVAL, 'kevent_ctl', 'cmd must be one of KEVENT_CTL_ADD, REMOVE, MODIFY and READY');
  }
  const none = arg === null || arg === undefined;
  if (none && num > 0) throw outOfRange('num', '0 without entries', num);
  const entries = none ? null : toUkevents('arg', arg, 'num', num);
  const native = binding();
  const signals = cmd === KEVENT_CTL_ADD && entries !== null && !signalsHeld(fd) && hasSignal(entries, num);
  const done = check(native.ctl(fd, cmd, num, entries), 'kevent_ctl', `fd ${fd} must be a kevent queue`);
  if (signals) holdSignals(fd);
  return done;
}

/**
 * Gives back every slot before the position `over * ring_size + new_uidx`. A commit that comes late or
 * twice does nothing.
 *
 * @param fd - the queue
 * @param new_uidx - the index one past the last consumed slot
 * @param over - how often `new_uidx` has wrapped
 * @returns how many slots became free
 * @throws EINVAL (no ring, `new_uidx` not below its size, or beyond what was filled), EOVERFLOW (`over`
 * is more than one wrap old), EBADF
 * @example
 * const freed = kevent_commit(fd, kidx, over);
 */
export function kevent_commit(fd: number, new_uidx: number, over: number): number {
  checkInt('fd', fd);
  checkU32('new_uidx', new_uidx);
  checkU32('over', over);
  const result = binding().commit(fd, new_uidx, over);
  if (result >= 0) return result;
  const hint =
    result === EINVAL
      ? 'the queue must have a ring, new_uidx be below its size and not beyond the slots that were filled'
      : 'over must be the count of wraps of new_uidx';
  throw systemError(result, 'kevent_commit', hint);
}

/**
 * Closes a queue for every thread of the process: its kevents are removed, and who waits gets EBADF.
 *
 * @param fd - the queue
 * @throws EBADF, EINVAL (not a queue)
 * @example
 * kevent_close(fd);
 */
export function kevent_close(fd: number): void {
  checkInt('fd', fd);
  const result = binding().close(fd);
  releaseSignals(fd);
  check(result, 'kevent_close', `fd ${fd} must be an open kevent queue`);
}

/**
 * The counters of a queue.
 *
 * @param fd - the queue
 * @throws EBADF, EINVAL (not a queue)
 * @example
 * const { ready, head, tail } = kevent_stats(fd);
 */
export function kevent_stats(fd: number): Statistics {
  return readStatistics(checkInt('fd', fd));
}
