import { binding } from '../abi/binding.js';
import { checkInt, checkU32, type Time, type Timespec, toTimespec } from './arguments.js';
import { check } from './queues.js';

/** `posixTimerCreate`: wall-clock time, which can be set. */
export const CLOCK_REALTIME = 0;
/** `posixTimerCreate`: never set, stands still in suspend. */
export const CLOCK_MONOTONIC = 1;
/** `posixTimerCreate`: never set, counts suspend. */
export const CLOCK_BOOTTIME = 7;

/** A POSIX timer's state. */
export interface TimerSetting {
  /** Time until it fires next; 0 if it is disarmed. */
  value: Timespec;
  /** Its period; 0 if it fires once. */
  interval: Timespec;
}

/**
 * Makes a POSIX timer, disarmed.
 *
 * @param clock - CLOCK_REALTIME, CLOCK_MONOTONIC or CLOCK_BOOTTIME
 * @returns a handle, to be the id of one POSIX_TIMER kevent
 * @throws EINVAL (clock), EMFILE
 * @example
 * const handle = posixTimerCreate(CLOCK_MONOTONIC);
 * posixTimerSettime(handle, 0, 5_000_000n, 5_000_000n);
 */
export function posixTimerCreate(clock: number): number {
  const hint = 'clock must be CLOCK_REALTIME, CLOCK_MONOTONIC or CLOCK_BOOTTIME';
  return check(binding().timerCreate(checkU32('clock', clock)), 'timer_create', hint);
}

/**
 * Arms a POSIX timer, or disarms it with a value of 0.
 *
 * @param handle - as `posixTimerCreate` returned it
 * @param flags - KEVENT_TIMER_ABSTIME, KEVENT_TIMER_CANCEL_ON_SET
 * @param value - when it fires first: from now on or, with ABSTIME, on its clock
 * @param interval - its period; 0n: it fires once
 * @throws EINVAL (handle, flags)
 * @example
 * posixTimerSettime(timer, 0, 5_000_000n, 1_000_000_000n);
 */
export function posixTimerSettime(handle: number, flags: number, value: Time, interval: Time = 0n): void {
  checkInt('handle', handle);
  checkU32('flags', flags);
  const first = toTimespec('value', value);
  const period = toTimespec('interval', interval);
  const result = binding().timerSettime(handle, flags, first.sec, first.nsec, period.sec, period.nsec);
  check(result, 'timer_settime', 'handle must be a timer and flags a sensible set of KEVENT_TIMER_*');
}

/**
 * How long a POSIX timer has to run.
 *
 * @param handle - as `posixTimerCreate` returned it
 * @throws EINVAL (handle)
 * @example
 * const { value, interval } = posixTimerGettime(timer);
 */
export function posixTimerGettime(handle: number): TimerSetting {
  const out = new Float64Array(4);
  check(binding().timerGettime(checkInt('handle', handle), out), 'timer_gettime', 'handle must be a timer');
  const [sec = 0, nsec = 0, intervalSec = 0, intervalNsec = 0] = out;
  return { value: { sec, nsec }, interval: { sec: intervalSec, nsec: intervalNsec } };
}

/**
 * Deletes a POSIX timer; its kevent, if there is one, gets no more events.
 *
 * @param handle - as `posixTimerCreate` returned it
 * @throws EINVAL (handle)
 * @example
 * posixTimerDelete(timer);
 */
export function posixTimerDelete(handle: number): void {
  check(binding().timerDelete(checkInt('handle', handle)), 'timer_delete', 'handle must be a timer');
}
