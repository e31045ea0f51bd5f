import { getSystemErrorMap, inspect } from 'node:util';

/** An error that a system call or the engine reported, in the shape of node:fs's errors. */
export interface SystemError extends Error {
  /** The errno's name, such as `'EINVAL'`. */
  code: string;
  /** The negative errno, such as `-22`. */
  errno: number;
  /** The call that failed, such as `'kevent_ctl'`. */
  syscall: string;
}

/** An error with one of Node's `ERR_*` codes. */
export interface CodedError extends Error {
  /** Such as `'ERR_OUT_OF_RANGE'`. */
  code: string;
}

/** Errnos that the engine uses and libuv's table does not know. */
const UNKNOWN_TO_LIBUV = new Map<number, readonly [string, string]>([
  [-75, ['EOVERFLOW', 'value too large for defined data type']],
  [-87, ['EUSERS', 'too many users']],
]);

function describe(errno: number): readonly [string, string] {
  const known = getSystemErrorMap().get(errno) ?? UNKNOWN_TO_LIBUV.get(errno);
  return known ?? [`Unknown system error ${errno}`, 'unknown error'];
}

/**
 * The name of a negative errno: `errnoName(-22)` is `'EINVAL'`.
 */
export function errnoName(errno: number): string {
  return describe(errno)[0];
}

/**
 * The error for a negative errno.
 *
 * @param errno - negative, as the binding returns it
 * @param syscall - the call that failed, under the seed's name
 * @param hint - what would have been right, where that is known; put in brackets after the message
 * @example
 * throw systemError(-22, 'kevent_init', 'ring_size must be 0 or at least 2');
 * // Error: EINVAL: invalid argument, kevent_init (ring_size must be 0 or at least 2)
 */
export function systemError(errno: number, syscall: string, hint?: string): SystemError {
  const [code, message] = describe(errno);
  const text = `${code}: ${message}, ${syscall}${hint === undefined ? '' : ` (${hint})`}`;
  return Object.assign(new Error(text), { errno, code, syscall });
}

/** A `ret_data[1]` of a BROKEN entry, an unsigned word, as the negative errno that it is. */
export function brokenErrno(retData1: number): number {
  return retData1 | 0;
}

function received(value: unknown): string {
  if (value === null || value === undefined) return `${value}`;
  if (typeof value === 'function') return `function ${value.name}`;
  if (typeof value === 'object') {
    const name: unknown = value.constructor?.name;
    return typeof name === 'string' && name !== '' ? `an instance of ${name}` : inspect(value, { depth: -1 });
  }
  return `type ${typeof value} (${inspect(value)})`;
}

/** As Node's own messages call it. */
function kind(name: string): string {
  return name.includes('.') ? 'property' : 'argument';
}

/** A TypeError with code ERR_INVALID_ARG_TYPE: `expected` completes "must be". */
export function invalidArgType(name: string, expected: string, value: unknown): TypeError & CodedError {
  const text = `The "${name}" ${kind(name)} must be ${expected}. Received ${received(value)}`;
  return Object.assign(new TypeError(text), { code: 'ERR_INVALID_ARG_TYPE' });
}

/** A TypeError with code ERR_INVALID_ARG_VALUE: `reason` says what would be right. */
export function invalidArgValue(name: string, reason: string, value: unknown): TypeError & CodedError {
  const text = `The ${kind(name)} '${name}' ${reason}. Received ${inspect(value, { depth: 0 })}`;
  return Object.assign(new TypeError(text), { code: 'ERR_INVALID_ARG_VALUE' });
}

/** A RangeError with code ERR_OUT_OF_RANGE: `range` completes "must be". */
export function outOfRange(name: string, range: string, value: unknown): RangeError & CodedError {
  const text = `The value of "${name}" is out of range. It must be ${range}. Received ${inspect(value)}`;
  return Object.assign(new RangeError(text), { code: 'ERR_OUT_OF_RANGE' });
}

/** The error with which an aborted operation is rejected; `cause` is the signal's reason. */
export function abortError(signal: AbortSignal): CodedError {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}
