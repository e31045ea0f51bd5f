import type { Dispatch } from '../queue/dispatch.js';
import type { SlabConnection } from './slab_connection.js';

/**
 * What becomes of the connections of a slab server. The functions are called outside of any AsyncLocalStorage context.
 * What one of them throws goes to 'uncaughtException'; the connection stays as it is.
 *
 * @typeParam Data - of `connection.data`
 * @example
 * const kept: SlabHandlers<Buffer[]> = {
 *   open: (connection) => void (connection.data = []),
 *   data: (connection, view) => void connection.data.push(Buffer.from(view)),
 * };
 */
export interface SlabHandlers<Data = unknown> {
  /** A connection is there. */
  open?(connection: SlabConnection<Data>): void;
  /**
   * Bytes have come: 1 to 65,536. `view` is good until this function returns: then its memory is received into again.
   * What is to be kept has to be copied: `Buffer.from(view)`. It may be changed, and passed to `write` of any connection.
   */
  data?(connection: SlabConnection<Data>, view: Buffer): void;
  /** The peer has ended its half. If this function is left out, ours is ended too. */
  end?(connection: SlabConnection<Data>): void;
  /** After a `write` that returned false: everything is with the kernel. */
  drain?(connection: SlabConnection<Data>): void;
  /** The connection is broken, or more than `maxUnsent` bytes wait (ENOBUFS). `close` comes next. */
  error?(connection: SlabConnection<Data>, error: NodeJS.ErrnoException): void;
  /** The connection is gone: the last that is heard of it. */
  close?(connection: SlabConnection<Data>): void;
}

/** What a server shares between its connections. */
export interface SlabService<Data> {
  readonly handlers: SlabHandlers<Data>;
  /** Bytes. */
  readonly highWaterMark: number;
  /** Bytes. */
  readonly maxUnsent: number;
  /** Removes its kevent, if there is one, and closes the descriptor. */
  close(connection: SlabConnection<Data>): void;
  /** One connection less. */
  ended(): void;
  /** Where the events of the connections go. */
  readonly dispatch: Dispatch;
}
