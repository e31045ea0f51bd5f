import { UsageError } from './usage_error.js';

/** Nanoseconds of each unit. */
const UNITS: Readonly<Record<string, number>> = {
  ns: 1,
  us: 1e3,
  µs: 1e3,
  ms: 1e6,
  s: 1e9,
  m: 60e9,
  h: 3600e9,
  d: 86_400e9,
};

const DURATION = /^(\d+(?:\.\d+)?)(ns|us|µs|ms|s|m|h|d)?$/;
const LONGEST = 2 ** 32 * 1e9;

/** Nanoseconds of a duration such as `1s`, `250ms` or `1.5h`; without a unit it is seconds, as for sleep(1). */
export function parseDuration(text: string): bigint {
  const [, digits, unit = 's'] = DURATION.exec(text) ?? [];
  if (digits === undefined) {
    throw new UsageError(
      `'${text}' is not a duration: use a number and ns, us, ms, s, m, h or d, such as 250ms`,
    );
  }
  const span = Math.round(Number(digits) * (UNITS[unit] ?? 1));
  if (span < 1 || span >= LONGEST) {
    throw new UsageError(`'${text}' is out of range: from 1ns to less than 2^32 seconds`);
  }
  return BigInt(span);
}
