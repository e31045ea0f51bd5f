import { invalidArgType, invalidArgValue, outOfRange } from '../abi/errors.js';
import { CLOCK_BOOTTIME, CLOCK_MONOTONIC, CLOCK_REALTIME } from '../raw/timers.js';

/**
 * `'monotonic'` is never set and stands still in suspend; `'boottime'` is never set and goes on in suspend;
 * `'realtime'` is the wall clock, which can be set.
 */
export type Clock = 'monotonic' | 'realtime' | 'boottime';

/** A point in time: nanoseconds on a clock (since 1970 on the wall clock), or, on that only, a Date. */
export type Instant = bigint | Date;

const NUMBERS: Readonly<Record<Clock, number>> = {
  monotonic: CLOCK_MONOTONIC,
  realtime: CLOCK_REALTIME,
  boottime: CLOCK_BOOTTIME,
};

/** What `posixTimerCreate` takes. @throws ERR_INVALID_ARG_VALUE */
function clockNumber(clock: Clock): number {
  if (Object.hasOwn(NUMBERS, clock)) return NUMBERS[clock];
  throw invalidArgValue('options.clock', "must be 'monotonic', 'realtime' or 'boottime'", clock);
}

/** What a schedule says of its clock: undefined if the timers of the queue, which are cheaper, will do. */
export function timerClock(clock: Clock, exact: boolean): number | undefined {
  const number = clockNumber(clock);
  if (clock === 'monotonic') return undefined;
  if (exact) throw invalidArgValue('options.exact', "needs the clock 'monotonic'", exact);
  return number;
}

/**
 * An instant in nanoseconds, at least 1: to set a timer to 0 would disarm it.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE, ERR_INVALID_ARG_VALUE (a Date on another clock than realtime)
 */
export function instantOn(clock: Clock, name: string, value: Instant): bigint {
  let nanoseconds: bigint;
  if (value instanceof Date) {
    const milliseconds = value.getTime();
    if (Number.isNaN(milliseconds)) throw outOfRange(name, 'a valid Date', value);
    if (clock !== 'realtime')
      throw invalidArgValue(name, "can be a Date only on the clock 'realtime'", value);
    nanoseconds = BigInt(milliseconds) * 1_000_000n;
  } else if (typeof value === 'bigint') {
    nanoseconds = value;
  } else {
    throw invalidArgType(name, 'a bigint (nanoseconds on its clock) or a Date', value);
  }
  if (nanoseconds < 0n) throw outOfRange(name, 'not before the beginning of its clock', value);
  return nanoseconds > 0n ? nanoseconds : 1n;
}
