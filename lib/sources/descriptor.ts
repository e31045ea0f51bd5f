import type { Server, Socket } from 'node:net';

import { invalidArgType, invalidArgValue } from '../abi/errors.js';

/** A file descriptor, or an object that has one: a FileHandle, a net.Socket, a tty, a Queue. It stays the caller's to close. */
export type Descriptor =
  | number
  | {
      /** Null: it has none any more, or not yet. */
      readonly fd: number | null;
    }
  | {
      /** Where the sockets and servers of Node.js have theirs. */
      readonly _handle: {
        /** -1: it is closed. */
        readonly fd?: number;
      } | null;
    }
  | Socket
  | Server;

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/**
 * The file descriptor.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE (an object that has none any more, or not yet)
 */
export function toFd(name: string, value: Descriptor): number {
  let fd: unknown = value;
  if (isObject(value)) {
    // Node's sockets and servers have it in a handle; a closed one has -1, or no handle.
    if ('fd' in value && value.fd !== null) fd = value.fd;
    else if ('_handle' in value) fd = isObject(value._handle) ? value._handle.fd : -1;
    else if ('fd' in value) fd = -1;
  }
  if (typeof fd !== 'number') {
    throw invalidArgType(name, 'a file descriptor or an object that has one', value);
  }
  if (Number.isInteger(fd) && fd >= 0 && fd <= 0x7fffffff) return fd;
  throw invalidArgValue(name, 'must be an open file descriptor', fd);
}
