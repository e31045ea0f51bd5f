import type * as net from 'node:net';
import type { DuplexOptions } from 'node:stream';

import { invalidArgType, invalidArgValue, outOfRange } from '../abi/errors.js';

/** Read into a buffer of the user's, which is used again and again. */
export interface OnRead {
  readonly buffer: Uint8Array | (() => Uint8Array);
  /** False stops the reading, as pause() does. */
  callback(this: net.Socket, bytes: number, buffer: Uint8Array): boolean;
}

export interface SocketOptions extends DuplexOptions {
  fd?: number;
  handle?: unknown;
  allowHalfOpen?: boolean;
  onread?: OnRead | null;
  noDelay?: boolean;
  keepAlive?: boolean;
  /** Milliseconds. */
  keepAliveInitialDelay?: number;
  pauseOnCreate?: boolean;
  manualStart?: boolean;
  readable?: boolean;
  writable?: boolean;
  signal?: AbortSignal;
  /** Of an EventEmitter. */
  captureRejections?: boolean;
}

/** Of setTimeout(): Node's timers hold no more. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;
const MODES = ['objectMode', 'readableObjectMode', 'writableObjectMode'] as const;

/** @throws ERR_INVALID_ARG_VALUE, ERR_INVALID_ARG_TYPE */
export function checkOptions(options: SocketOptions): void {
  for (const name of MODES) {
    if (options[name]) throw invalidArgValue(`options.${name}`, 'is not supported', options[name]);
  }
  const { keepAliveInitialDelay } = options;
  if (keepAliveInitialDelay !== undefined && typeof keepAliveInitialDelay !== 'number') {
    throw invalidArgType('options.keepAliveInitialDelay', 'of type number', keepAliveInitialDelay);
  }
}

/** What a Duplex is to know of the options of a socket: one by one, as a copy of all costs as much as half of a Duplex. */
export function streamOptions(options: SocketOptions): DuplexOptions {
  return {
    highWaterMark: options.highWaterMark,
    readableHighWaterMark: options.readableHighWaterMark,
    writableHighWaterMark: options.writableHighWaterMark,
    encoding: options.encoding,
    defaultEncoding: options.defaultEncoding,
    readable: options.readable,
    writable: options.writable,
    construct: options.construct,
    read: options.read,
    write: options.write,
    writev: options.writev,
    final: options.final,
    destroy: options.destroy,
    captureRejections: options.captureRejections,
    allowHalfOpen: Boolean(options.allowHalfOpen),
    // 'close' tells whether there was an error; a stream's own does not.
    emitClose: false,
    autoDestroy: true,
    // Strings are encoded where they are sent from.
    decodeStrings: false,
    // No signal: what aborts it does so when the socket is there.
  } as DuplexOptions;
}

/** Whole milliseconds. @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE */
export function checkTimeout(milliseconds: unknown): number {
  if (typeof milliseconds !== 'number') throw invalidArgType('msecs', 'of type number', milliseconds);
  if (milliseconds < 0 || !Number.isFinite(milliseconds)) {
    throw outOfRange('msecs', 'a non-negative finite number', milliseconds);
  }
  if (milliseconds <= LONGEST_TIMEOUT) return milliseconds;
  process.emitWarning(
    `${milliseconds} does not fit into a 32-bit signed integer.\nTimer duration was truncated to ${LONGEST_TIMEOUT}.`,
    'TimeoutOverflowWarning',
  );
  return LONGEST_TIMEOUT;
}
