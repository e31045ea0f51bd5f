/**
 * 'kevent/raw': the seed's calls under the seed's names, on memory that the caller lays out, and what
 * this package adds in the same manner. Errors of the system are thrown as node:fs does it, with `code`,
 * `errno` and `syscall`; wrong arguments as ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE and ERR_OUT_OF_RANGE.
 *
 * @module kevent/raw
 */
export { isSupported } from './abi/binding.js';
export * from './abi/constants.js';
export type { SystemError } from './abi/errors.js';
export * from './abi/layout.js';
export { type NaioData, readNaio } from './abi/naio.js';
export { type InodeRecord, readInodeRecords, readSignalRecords, type SignalRecord } from './abi/payload.js';
export { createRing, RingReader } from './abi/ring.js';
export type { Statistics } from './abi/statistics.js';
export {
  type Id,
  readUkevent,
  toU64,
  type Ukevent,
  type UkeventFields,
  type Words,
  writeUkevent,
} from './abi/ukevent.js';
export type { Buffers, Time, Timeout, Timespec } from './raw/arguments.js';
export { kevent_claim_async, kevent_get_events_async, kevent_wait_async } from './raw/async.js';
export { kevent_consumer_close, kevent_consumer_open, kevent_finish } from './raw/consumers.js';
export { kevent_inode_unwatch, kevent_inode_watch, kevent_payload } from './raw/inodes.js';
export { kevent_naio_hold, kevent_naio_slab } from './raw/naio.js';
export type { AsyncOptions } from './raw/pending.js';
export {
  kevent_close,
  kevent_commit,
  kevent_ctl,
  kevent_init,
  kevent_share,
  kevent_stats,
} from './raw/queues.js';
export {
  CLOCK_BOOTTIME,
  CLOCK_MONOTONIC,
  CLOCK_REALTIME,
  posixTimerCreate,
  posixTimerDelete,
  posixTimerGettime,
  posixTimerSettime,
  type TimerSetting,
} from './raw/timers.js';
export { kevent_claim, kevent_get_events, kevent_wait, type Run } from './raw/waiting.js';
