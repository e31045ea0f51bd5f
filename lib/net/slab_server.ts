import * as net from 'node:net';

import { invalidArgType, outOfRange } from '../abi/errors.js';
import type { ListeningServer } from './connection.js';
import { listener, type Serving } from './listening.js';
import { loop } from './loop.js';
import { listenWithReusePort } from './reuse_port.js';
import { SlabConnection } from './slab_connection.js';
import type { SlabHandlers, SlabService } from './slab_handlers.js';
import type { DescriptorOwner } from './stream_handle.js';
import { setKeepAlive, setNoDelay } from './tcp_options.js';

export type { SlabConnection, SlabHandlers };

/** Options of net.Server that have a meaning without streams, and ours. */
export interface SlabServerOptions
  extends Pick<net.ServerOpts, 'noDelay' | 'keepAlive' | 'keepAliveInitialDelay'> {
  /** `write` returns false while so many bytes or more wait; 64 KiB if left out. */
  readonly highWaterMark?: number;
  /** A connection for which more bytes wait is closed with ENOBUFS; 16 MiB if left out. */
  readonly maxUnsent?: number;
}

const HIGH_WATER_MARK = 64 * 1024;
const MAX_UNSENT = 16 * 1024 * 1024;

function checkBytes(name: string, value: unknown): number {
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
  if (!Number.isInteger(value) || value < 1) throw outOfRange(name, 'an integer >= 1', value);
  return value;
}

/** Connections without streams. */
class SlabServing<Data> implements Serving<SlabConnection<Data>> {
  /** Who closes the descriptor, of connections that are not ours to close. */
  readonly #owners = new Map<SlabConnection<Data>, DescriptorOwner>();
  readonly #Connection: new (
    fd: number,
  ) => SlabConnection<Data>;

  constructor(handlers: SlabHandlers<Data>, options: SlabServerOptions, server: ListeningServer) {
    const owners = this.#owners;
    const service: SlabService<Data> = {
      handlers,
      dispatch: loop().connections,
      highWaterMark: checkBytes('options.highWaterMark', options.highWaterMark ?? HIGH_WATER_MARK),
      maxUnsent: checkBytes('options.maxUnsent', options.maxUnsent ?? MAX_UNSENT),
      close(connection) {
        const owner = owners.get(connection);
        if (owner === undefined) {
          loop().closeStream(connection.fd, connection);
        } else {
          connection.dispatch.registry.remove(connection);
          owners.delete(connection);
          owner.close();
        }
      },
      ended() {
        server._connections -= 1;
        server._emitCloseIfDrained();
      },
    };
    this.#Connection = class extends SlabConnection<Data> {
      get service(): SlabService<Data> {
        return service;
      }
    };
  }

  handle(fd: number, owner?: DescriptorOwner): SlabConnection<Data> {
    const connection = new this.#Connection(fd);
    if (owner !== undefined) this.#owners.set(connection, owner);
    return connection;
  }

  serve(server: ListeningServer, connection: SlabConnection<Data>): void {
    // What was accepted here has it from the listening socket.
    if (server.noDelay && this.#owners.has(connection)) setNoDelay(connection.fd, true);
    if (server.keepAlive) setKeepAlive(connection.fd, true, server.keepAliveInitialDelay);
    server._connections += 1;
    connection.open();
  }
}

/**
 * A server whose connections are not streams: bytes are handed over where they were received, and what is written
 * is sent at the end of the turn, one call for all connections. An idle connection takes about 60 bytes of the
 * JavaScript heap.
 *
 * It is a `net.Server` but for its 'connection' event, which does not come: `listen`, `close`, `address`,
 * `getConnections`, `maxConnections`, 'drop', 'listening', 'error' and 'close' are Node's.
 *
 * @typeParam Data - of `connection.data`, which is yours
 * @param handlers - are called as its methods: `this` is the object
 * @throws ERR_INVALID_ARG_TYPE (handlers is no object, an option no number), ERR_OUT_OF_RANGE (an option less than 1)
 * @example
 * const server = createSlabServer({ data: (connection, view) => connection.write(view) });
 * server.listen(7);
 */
export function createSlabServer<Data = unknown>(
  handlers: SlabHandlers<Data>,
  options: SlabServerOptions = {},
): net.Server {
  if (typeof handlers !== 'object' || handlers === null) {
    throw invalidArgType('handlers', 'an object with functions', handlers);
  }
  const server = new net.Server(options);
  const serving = new SlabServing(handlers, options, server as ListeningServer);
  return Object.defineProperties(server, {
    _listen2: { value: listener(serving), configurable: true },
    listen: { value: listenWithReusePort, configurable: true },
  });
}
