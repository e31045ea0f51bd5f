import { invalidArgType, invalidArgValue } from '../abi/errors.js';
import { ringBytes } from '../abi/ring.js';

/**
 * A queue as it goes to another thread of this process, by `postMessage` or `workerData`.
 */
export interface QueueHandle {
  /** The queue's file descriptor. */
  readonly fd: number;
  /** The ring's memory. */
  readonly ring: SharedArrayBuffer;
  /** Slots of the ring. */
  readonly ringSize: number;
  /** Counts the threads that have taken part, so that each can tell its kevents from the others'. */
  readonly owners: SharedArrayBuffer;
}

/** @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE */
export function checkHandle(handle: QueueHandle): void {
  if (typeof handle !== 'object' || handle === null) throw invalidArgType('handle', 'an object', handle);
  const { fd, ring, ringSize, owners } = handle;
  if (typeof fd !== 'number') throw invalidArgType('handle.fd', 'of type number', fd);
  if (!(ring instanceof SharedArrayBuffer)) throw invalidArgType('handle.ring', 'a SharedArrayBuffer', ring);
  if (ring.byteLength !== ringBytes(ringSize)) {
    throw invalidArgValue('handle.ringSize', 'must be the number of slots in handle.ring', ringSize);
  }
  if (!(owners instanceof SharedArrayBuffer)) {
    throw invalidArgType('handle.owners', 'a SharedArrayBuffer', owners);
  }
}
