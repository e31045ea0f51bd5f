import {
  INODE_RECORD_COOKIE,
  INODE_RECORD_HEADER,
  INODE_RECORD_LENGTH,
  INODE_RECORD_MASK,
  INODE_RECORD_NEXT,
  INODE_RECORD_WD,
  SIGNAL_RECORD_CODE,
  SIGNAL_RECORD_PID,
  SIGNAL_RECORD_SIGNO,
  SIGNAL_RECORD_SIZE,
  SIGNAL_RECORD_STATUS,
  SIGNAL_RECORD_UID,
  SIGNAL_RECORD_VALUE,
} from './layout.js';
import { LITTLE_ENDIAN } from './ukevent.js';

/** One change that inotify reported, in the order in which it happened. */
export interface InodeRecord {
  /** KEVENT_INODE_* bits. */
  mask: number;
  /** The same number in the two halves of a rename, otherwise 0. */
  cookie: number;
  /** The watch; -1 if the kernel dropped events. */
  wd: number;
  /** The entry's name; empty: the watched inode itself. A view into the payload: names need not be UTF-8. */
  name: Buffer;
}

/** What came with one signal. */
export interface SignalRecord {
  /** The signal's number. */
  signo: number;
  /** siginfo's si_code: SI_USER, SI_QUEUE, CLD_EXITED … */
  code: number;
  /** Of the process that sent it; 0 if the kernel did. */
  pid: number;
  /** Of the user that sent it. */
  uid: number;
  /** The value that sigqueue(3) sent along, otherwise 0n. */
  value: bigint;
  /** SIGCHLD: the child's exit status or signal, otherwise 0. */
  status: number;
}

/**
 * The records in the payload of an INODE event.
 *
 * @param payload - as `kevent_payload` returned it
 * @example
 * for (const { mask, name } of readInodeRecords(payload)) console.log(mask, `${name}`);
 */
export function readInodeRecords(payload: Uint8Array): InodeRecord[] {
  const data = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const records: InodeRecord[] = [];
  let at = 0;
  while (at + INODE_RECORD_HEADER <= data.byteLength) {
    const length = data.getUint32(at + INODE_RECORD_LENGTH, LITTLE_ENDIAN);
    const next = data.getUint32(at + INODE_RECORD_NEXT, LITTLE_ENDIAN);
    const start = payload.byteOffset + at + INODE_RECORD_HEADER;
    const room = data.byteLength - at - INODE_RECORD_HEADER;
    records.push({
      mask: data.getUint32(at + INODE_RECORD_MASK, LITTLE_ENDIAN),
      cookie: data.getUint32(at + INODE_RECORD_COOKIE, LITTLE_ENDIAN),
      wd: data.getInt32(at + INODE_RECORD_WD, LITTLE_ENDIAN),
      name: Buffer.from(payload.buffer, start, Math.min(length, room)),
    });
    // The last record's `next` leads to the end; one that leads nowhere must not hold us for ever.
    if (next < INODE_RECORD_HEADER) break;
    at += next;
  }
  return records;
}

/**
 * The records in the payload of a SIGNAL event, oldest first.
 *
 * @param payload - as `kevent_payload` returned it
 * @example
 * for (const { signo, pid } of readSignalRecords(payload)) console.log(signo, pid);
 */
export function readSignalRecords(payload: Uint8Array): SignalRecord[] {
  const data = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
  const records: SignalRecord[] = [];
  for (let at = 0; at + SIGNAL_RECORD_SIZE <= data.byteLength; at += SIGNAL_RECORD_SIZE) {
    records.push({
      signo: data.getInt32(at + SIGNAL_RECORD_SIGNO, LITTLE_ENDIAN),
      code: data.getInt32(at + SIGNAL_RECORD_CODE, LITTLE_ENDIAN),
      pid: data.getUint32(at + SIGNAL_RECORD_PID, LITTLE_ENDIAN),
      uid: data.getUint32(at + SIGNAL_RECORD_UID, LITTLE_ENDIAN),
      value: data.getBigUint64(at + SIGNAL_RECORD_VALUE, LITTLE_ENDIAN),
      status: data.getInt32(at + SIGNAL_RECORD_STATUS, LITTLE_ENDIAN),
    });
  }
  return records;
}
