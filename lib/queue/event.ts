import { binding } from '../abi/binding.js';
import { KEVENT_INODE, KEVENT_RET_BROKEN, KEVENT_SIGNAL } from '../abi/constants.js';
import { brokenErrno, type SystemError, systemError } from '../abi/errors.js';
import { type InodeRecord, readInodeRecords, readSignalRecords, type SignalRecord } from '../abi/payload.js';
import type { Registration } from './registration.js';

/** What came with an event that does not fit into its 40 bytes; undefined for most types. */
export type Payload = InodeRecord[] | SignalRecord[] | undefined;

/** One event of a queue. */
export interface QueueEvent<Data = unknown, EventPayload = Payload> {
  /** KEVENT_SOCKET, KEVENT_TIMER … */
  readonly type: number;
  /** First word of the id: the fd, the signal number, the seconds … */
  readonly id0: number;
  /** Second word of the id: a timer's nanoseconds. */
  readonly id1: number;
  /** The mask that was asked for. */
  readonly event: number;
  /** KEVENT_REQ_* bits of the request. */
  readonly flags: number;
  /** KEVENT_RET_* bits. */
  readonly retFlags: number;
  /** `ret_data[0]`: what is ready, or how often it happened; see the type. */
  readonly data0: number;
  /** `ret_data[1]`; see the type. */
  readonly data1: number;
  /** The kevent; undefined if another thread added it, or if it was removed before this was looked at. */
  readonly registration: Registration<Data> | undefined;
  /** What the request carried. */
  readonly data: Data;
  /** Whether the kevent has failed: see `error()`. It is then no longer registered. */
  readonly broken: boolean;
  /** Why the kevent has failed; undefined unless `broken`. */
  error(): SystemError | undefined;
  /** INODE: what changed. SIGNAL: who sent each. Otherwise undefined. */
  payload(): EventPayload;
}

/** The payload of an event as bytes; undefined if it has none. */
export function payloadBytes(
  fd: number,
  type: number,
  retFlags: number,
  handle: number,
): Uint8Array | undefined {
  if ((type !== KEVENT_INODE && type !== KEVENT_SIGNAL) || (retFlags & KEVENT_RET_BROKEN) !== 0)
    return undefined;
  if (handle === 0) return new Uint8Array(0);
  const length = binding().payload(fd, handle, null);
  if (length < 0) throw systemError(length, 'kevent_payload', 'the event is committed already');
  const bytes = new Uint8Array(length);
  binding().payload(fd, handle, bytes);
  return bytes;
}

export function readPayload(type: number, bytes: Uint8Array | undefined): Payload {
  if (bytes === undefined) return undefined;
  return type === KEVENT_INODE ? readInodeRecords(bytes) : readSignalRecords(bytes);
}

export function eventError(retFlags: number, data1: number): SystemError | undefined {
  if ((retFlags & KEVENT_RET_BROKEN) === 0) return undefined;
  return systemError(brokenErrno(data1), 'kevent', 'the kevent has failed and is no longer registered');
}
