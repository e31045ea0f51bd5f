import { FLAGS_RESUME, type Memory } from '../abi/binding.js';
import { KEVENT_FLAGS_SLICE } from '../abi/constants.js';
import { invalidArgType, invalidArgValue, outOfRange, systemError } from '../abi/errors.js';
import { UKEVENT_SIZE } from '../abi/layout.js';

/** Memory that a call reads or writes: during the call only. */
export type Buffers = ArrayBufferView | ArrayBuffer | SharedArrayBuffer;

/** A span of time, or a point in it: nanoseconds, or seconds and nanoseconds (0 to 999,999,999). */
export type Time =
  | bigint
  | {
      /** Seconds. */
      readonly sec: number;
      /** Nanoseconds, 0 to 999,999,999. */
      readonly nsec: number;
    };

/** How long to wait: `null` for ever. */
export type Timeout = Time | null;

/** A time as the binding takes it; `sec` is -1 for ever. */
export interface Timespec {
  /** Seconds. */
  sec: number;
  /** Nanoseconds, 0 to 999,999,999. */
  nsec: number;
}

const FOREVER: Timespec = { sec: -1, nsec: 0 };
const NANOSECONDS = 1_000_000_000n;
/** 2^52 seconds: exact as a double, and 140 million years. */
const MAX_SECONDS = 2 ** 52;

function integer(name: string, value: number, max: number, most: string): number {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
  if (!Number.isInteger(value) || value < 0 || value > max) {
    throw outOfRange(name, `an integer >= 0 and <= ${most}`, value);
  }
  return value;
}

/** A file descriptor, a handle or a wd: an int that is not negative. */
export function checkInt(name: string, value: number): number {
  return integer(name, value, 0x7fffffff, '2147483647');
}

/** An unsigned word. */
export function checkU32(name: string, value: number): number {
  return integer(name, value, 0xffffffff, '4294967295');
}

/** A position: free-running, and exact as a number. */
export function checkPosition(name: string, value: number): number {
  return integer(name, value, Number.MAX_SAFE_INTEGER, 'Number.MAX_SAFE_INTEGER');
}

/** The flags of a waiting call. */
export function checkFlags(syscall: string, flags: number): number {
  const bits = checkU32('flags', flags);
  // Bits by which this package slices waits: they change what a result means.
  if (bits & (KEVENT_FLAGS_SLICE | FLAGS_RESUME)) {
    throw systemError(-22, syscall, 'KEVENT_FLAGS_SLICE is not for callers, as waits are sliced already');
  }
  return bits;
}

/** The memory behind a view or a buffer, as the binding takes it. */
function toMemory(name: string, value: Buffers): Memory {
  if (ArrayBuffer.isView(value)) {
    if (value instanceof DataView) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
    return value as Memory;
  }
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return new Uint8Array(value);
  throw invalidArgType(name, 'a TypedArray, a DataView, an ArrayBuffer or a SharedArrayBuffer', value);
}

/** Memory for `count` ukevents, aligned as the struct is. */
export function toUkevents(name: string, value: Buffers, countName: string, count: number): Memory {
  const memory = toMemory(name, value);
  if (memory.byteOffset % 8 !== 0) {
    throw invalidArgValue(name, 'must start at a multiple of 8 bytes of its buffer', value);
  }
  const fit = Math.floor(memory.byteLength / UKEVENT_SIZE);
  if (count > fit) {
    throw outOfRange(
      countName,
      `<= ${fit}, the ukevents of ${UKEVENT_SIZE} bytes that fit into "${name}"`,
      count,
    );
  }
  return memory;
}

/** A ring, as the binding takes it. */
export function toRing(value: SharedArrayBuffer): Uint8Array {
  if (!(value instanceof SharedArrayBuffer))
    throw invalidArgType('ring', 'a SharedArrayBuffer or null', value);
  if ('growable' in value && value.growable === true) {
    throw invalidArgValue('ring', 'must not be growable', value);
  }
  return new Uint8Array(value);
}

/** A time as seconds and nanoseconds. */
export function toTimespec(name: string, value: Time): Timespec {
  if (typeof value === 'bigint') {
    if (value < 0n || value > BigInt(MAX_SECONDS) * NANOSECONDS) {
      throw outOfRange(name, `a bigint >= 0n, in nanoseconds, and at most 2 ** 52 seconds`, value);
    }
    return { sec: Number(value / NANOSECONDS), nsec: Number(value % NANOSECONDS) };
  }
  if (typeof value !== 'object' || value === null) {
    throw invalidArgType(name, 'a bigint (nanoseconds) or an object { sec, nsec }', value);
  }
  const { sec, nsec } = value;
  return {
    sec: integer(`${name}.sec`, sec, MAX_SECONDS, '2 ** 52'),
    nsec: integer(`${name}.nsec`, nsec, 999_999_999, '999999999'),
  };
}

/** A timeout as seconds and nanoseconds. */
export function toTimeout(value: Timeout): Timespec {
  if (value === null) return FOREVER;
  if (typeof value !== 'bigint' && typeof value !== 'object') {
    throw invalidArgType(
      'timeout',
      'null (for ever), a bigint (nanoseconds) or an object { sec, nsec }',
      value,
    );
  }
  return toTimespec('timeout', value);
}
