import { endianness } from 'node:os';

import { invalidArgType, outOfRange } from './errors.js';
import {
  UKEVENT_EVENT,
  UKEVENT_ID,
  UKEVENT_REQ_FLAGS,
  UKEVENT_RET_DATA,
  UKEVENT_RET_FLAGS,
  UKEVENT_SIZE,
  UKEVENT_TYPE,
  UKEVENT_USER,
  UKEVENT_WORDS,
  WORD_EVENT,
  WORD_ID0,
  WORD_ID1,
  WORD_REQ_FLAGS,
  WORD_RET_DATA0,
  WORD_RET_DATA1,
  WORD_RET_FLAGS,
  WORD_TYPE,
  WORD_USER0,
  WORD_USER1,
} from './layout.js';

/** The structs are in the machine's byte order: what DataView's methods want as their last argument. */
export const LITTLE_ENDIAN: boolean = endianness() === 'LE';

/** Two 32-bit words, as in `raw[2]` and `user[2]`. */
export type Words = readonly [number, number];

/** A 64-bit field: a number below 2^32 is its first word, a bigint is the whole u64. */
export type Id = number | bigint | Words;

/** One `struct ukevent`, read: every word unsigned. */
export interface Ukevent {
  /** What is watched: an fd, a signal number, seconds and nanoseconds; see the type. */
  id: Words;
  /** KEVENT_SOCKET, KEVENT_TIMER … */
  type: number;
  /** The mask that was asked for. */
  event: number;
  /** KEVENT_REQ_* bits. */
  req_flags: number;
  /** KEVENT_RET_* bits. */
  ret_flags: number;
  /** What is ready or how often it happened, and a second word; see the type. */
  ret_data: Words;
  /** The caller's own: handed back as it was given, and a part of the key. */
  user: Words;
}

/** What can be written into a `struct ukevent`; what is left out becomes 0. */
export interface UkeventFields {
  /** What is to be watched; see the type. */
  id?: Id;
  /** KEVENT_SOCKET, KEVENT_TIMER … */
  type?: number;
  /** Which of the type's events: a mask. */
  event?: number;
  /** KEVENT_REQ_* bits. */
  req_flags?: number;
  /** KEVENT_RET_* bits: written by the calls. */
  ret_flags?: number;
  /** Written by the calls. */
  ret_data?: Words;
  /** The caller's own: handed back as it was given, and a part of the key. */
  user?: Id;
}

function word(name: string, value: number): number {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
  // -1 and ~0 are the usual ways to write "all bits" in JavaScript.
  if (!Number.isInteger(value) || value < -0x80000000 || value > 0xffffffff) {
    throw outOfRange(name, 'an integer that fits into 32 bits', value);
  }
  return value >>> 0;
}

/** The two words of a 64-bit field, as they lie in memory. */
export function toWords(name: string, value: Id): Words {
  if (typeof value === 'number') return [word(name, value), 0];
  if (typeof value === 'bigint') {
    if (BigInt.asUintN(64, value) !== value) throw outOfRange(name, 'a bigint >= 0n and < 2n ** 64n', value);
    const low = Number(value & 0xffffffffn);
    const high = Number(value >> 32n);
    return LITTLE_ENDIAN ? [low, high] : [high, low];
  }
  if (Array.isArray(value) && value.length === 2) {
    return [word(`${name}[0]`, value[0]), word(`${name}[1]`, value[1])];
  }
  throw invalidArgType(name, 'a number, a bigint or an array of two numbers', value);
}

/**
 * The u64 of two words, as C's `raw_u64`.
 *
 * @param words - the first and the second word in memory
 * @example
 * const id = toU64(readUkevent(view, 0).id);
 */
export function toU64(words: Words): bigint {
  const [low, high] = LITTLE_ENDIAN ? words : [words[1], words[0]];
  return (BigInt(high) << 32n) | BigInt(low);
}

function entry(view: ArrayBufferView, index: number): DataView {
  if (!ArrayBuffer.isView(view)) throw invalidArgType('view', 'a TypedArray or a DataView', view);
  if (typeof index !== 'number') throw invalidArgType('index', 'of type number', index);
  const count = Math.floor(view.byteLength / UKEVENT_SIZE);
  if (!Number.isInteger(index) || index < 0 || index >= count) {
    throw outOfRange('index', `an integer >= 0 and < ${count}, the ukevents that fit into the view`, index);
  }
  return new DataView(view.buffer, view.byteOffset + index * UKEVENT_SIZE, UKEVENT_SIZE);
}

/**
 * The ukevent at `index` of a view over ukevents, copied. For a ring, give a view that starts at
 * its first slot.
 *
 * @param view - memory that begins with a ukevent
 * @param index - of the ukevent, from 0
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 * @example
 * const n = kevent_get_events(fd, 1, 8, null, buf);
 * for (let i = 0; i < n; i += 1) console.log(readUkevent(buf, i).id[0]);
 */
export function readUkevent(view: ArrayBufferView, index: number): Ukevent {
  const data = entry(view, index);
  const at = (offset: number): number => data.getUint32(offset, LITTLE_ENDIAN);
  return {
    id: [at(UKEVENT_ID), at(UKEVENT_ID + 4)],
    type: at(UKEVENT_TYPE),
    event: at(UKEVENT_EVENT),
    req_flags: at(UKEVENT_REQ_FLAGS),
    ret_flags: at(UKEVENT_RET_FLAGS),
    ret_data: [at(UKEVENT_RET_DATA), at(UKEVENT_RET_DATA + 4)],
    user: [at(UKEVENT_USER), at(UKEVENT_USER + 4)],
  };
}

/**
 * Writes a whole ukevent at `index` of a view over ukevents; fields that are left out become 0.
 *
 * @param view - memory that begins with a ukevent
 * @param index - of the ukevent, from 0
 * @param fields - what to write
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE; then nothing was written
 * @example
 * const request = new Uint8Array(UKEVENT_SIZE);
 * writeUkevent(request, 0, { id: [0, 5_000_000], type: KEVENT_TIMER, event: KEVENT_TIMER_FIRED });
 */
export function writeUkevent(view: ArrayBufferView, index: number, fields: UkeventFields): void {
  const data = entry(view, index);
  if (typeof fields !== 'object' || fields === null) throw invalidArgType('fields', 'an object', fields);
  const [id0, id1] = toWords('fields.id', fields.id ?? 0);
  const [data0, data1] = toWords('fields.ret_data', fields.ret_data ?? 0);
  const [user0, user1] = toWords('fields.user', fields.user ?? 0);
  const words = [
    id0,
    id1,
    word('fields.type', fields.type ?? 0),
    word('fields.event', fields.event ?? 0),
    word('fields.req_flags', fields.req_flags ?? 0),
    word('fields.ret_flags', fields.ret_flags ?? 0),
    data0,
    data1,
    user0,
    user1,
  ];
  words.forEach((value, place) => {
    data.setUint32(place * 4, value, LITTLE_ENDIAN);
  });
}

/**
 * Writes a request at `index` of an array of ukevents seen as 32-bit words, unchecked and without
 * allocating: for callers that have checked their own. The return fields become 0.
 */
export function putRequest(
  words: Uint32Array,
  index: number,
  id0: number,
  id1: number,
  type: number,
  event: number,
  reqFlags: number,
  user0: number,
  user1: number,
): void {
  const base = index * UKEVENT_WORDS;
  words[base + WORD_ID0] = id0;
  words[base + WORD_ID1] = id1;
  words[base + WORD_TYPE] = type;
  words[base + WORD_EVENT] = event;
  words[base + WORD_REQ_FLAGS] = reqFlags;
  words[base + WORD_RET_FLAGS] = 0;
  words[base + WORD_RET_DATA0] = 0;
  words[base + WORD_RET_DATA1] = 0;
  words[base + WORD_USER0] = user0;
  words[base + WORD_USER1] = user1;
}

/** What an entry that was put needs besides: its `ret_data` is a u64. */
export function putArgument(words: Uint32Array, index: number, argument: bigint): void {
  const base = index * UKEVENT_WORDS;
  const [first, second] = toWords('argument', argument);
  words[base + WORD_RET_DATA0] = first;
  words[base + WORD_RET_DATA1] = second;
}
