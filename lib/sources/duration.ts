import { invalidArgType, outOfRange } from '../abi/errors.js';

/** A span of time: a bigint is nanoseconds, a number is milliseconds, as setTimeout has them, with a fraction if need be. */
export type Duration = bigint | number;

const MILLISECOND = 1_000_000;
/** What fits into a TIMER kevent's id. */
const TOO_LONG = 0x100000000n * 1_000_000_000n;

/**
 * A duration in nanoseconds.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export function toNanoseconds(name: string, value: Duration, least: bigint): bigint {
  if (typeof value !== 'bigint' && typeof value !== 'number') {
    throw invalidArgType(name, 'a bigint (nanoseconds) or a number (milliseconds)', value);
  }
  const span = typeof value === 'bigint' ? value : fromMilliseconds(value);
  if (span !== undefined && span >= least && span < TOO_LONG) return span;
  throw outOfRange(name, `at least ${least}n nanoseconds and less than 2 ** 32 seconds`, value);
}

function fromMilliseconds(value: number): bigint | undefined {
  if (!Number.isFinite(value)) return undefined;
  // In two parts: the product of a long time and a million is not exact as a double.
  const whole = Math.floor(value);
  return BigInt(whole) * BigInt(MILLISECOND) + BigInt(Math.round((value - whole) * MILLISECOND));
}
