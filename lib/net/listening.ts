import { AsyncResource } from 'node:async_hooks';
import * as net from 'node:net';

import { binding } from '../abi/binding.js';
import { type SystemError, systemError } from '../abi/errors.js';
import { Acceptor } from './acceptor.js';
import { admits, type ListeningServer } from './connection.js';
import { bindShared, isShared } from './reuse_port.js';
import type { DescriptorOwner } from './stream_handle.js';
import { setNoDelay } from './tcp_options.js';

/** A connection that was accepted and belongs to nobody yet. */
export interface ClientHandle {
  readonly fd: number;
  close(): void;
}

/** What becomes of the connections of a server. */
export interface Serving<Handle extends ClientHandle = ClientHandle> {
  /** @param owner - closes the descriptor in the handle's place */
  handle(fd: number, owner?: DescriptorOwner): Handle;
  serve(server: ListeningServer, handle: Handle): void;
}

/** What net.Server knows of what it listens on: a TCP or a Pipe of Node's, or what a worker of a cluster has. */
interface ListeningHandle {
  readonly fd?: number;
  /** Every connection goes through here: some replace it. */
  onconnection?(error: number, handle: ClientHandle): void;
  listen(backlog: number): number;
  close(done?: () => void): void;
  ref?(): void;
  unref?(): void;
  getsockname?(out: object): number;
}

/** The parts of net.Server that are Node's own, the same from Node 20 to 26, and not in its types. */
interface Internals {
  _handle: ListeningHandle | null;
  _listen2(...args: ListenArguments): void;
}

type ListenArguments = [
  address: string | null,
  port: number | null,
  addressType: number | null,
  backlog: number,
  fd: number | undefined,
  flags?: number,
];

/** In place of net.Server's `_listen2`. */
export type Listen = (this: net.Server, ...args: ListenArguments) => void;

type CreateHandle = (
  address: string | null,
  port: number | null,
  addressType: number | null,
  fd: number | undefined,
  flags?: number,
) => ListeningHandle | number;

const { _createServerHandle: createHandle } = net as unknown as { _createServerHandle: CreateHandle };
/** Node's own method, whoever replaces it on the prototype later. */
const listenOnHandle = (net.Server.prototype as unknown as Internals)._listen2;

/** Whether this Node has what we build on. */
export const canListenOnLoop = typeof listenOnHandle === 'function' && typeof createHandle === 'function';

/**
 * What takes the place of net.Server's `_listen2`, to which every `listen` comes when it is settled what to listen on:
 * Node's own handle is bound, named, sent to other processes and closed as ever, but listened on by us, so that libuv
 * never looks at it. What is accepted goes to `serving`.
 */
export function listener<Handle extends ClientHandle>(serving: Serving<Handle>): Listen {
  return function listen(this: net.Server, ...args) {
    const server = this as ListeningServer & Internals;
    bind(server, args);
    const handle = server._handle;
    if (handle !== null && (handle.fd ?? -1) >= 0) takeOver(handle, server, serving);
    Reflect.apply(listenOnHandle, this, args);
    // Node has put its own there.
    if (server._handle !== null) receive(server._handle, server, serving, handle === server._handle);
  };
}

function bind(server: ListeningServer & Internals, args: ListenArguments): void {
  const [address, port, addressType, , fd, flags] = args;
  if (server._handle !== null) return;
  if (address !== null || fd !== undefined) {
    server._handle = bound(server, address, port, addressType, fd, flags);
    return;
  }
  // Any address: IPv6 and with it IPv4, or else IPv4 alone, as Node does it.
  server._handle = bound(server, '::', port, 6, fd, flags);
  if (server._handle !== null) args.splice(0, 3, '::', port, 6);
  else server._handle = bound(server, '0.0.0.0', port, 4, fd, flags);
}

/** Null: Node tries it again, and reports why it cannot be done. */
function bound(server: net.Server, ...args: Parameters<CreateHandle>): ListeningHandle | null {
  const [address, port, addressType, fd, flags = 0] = args;
  const shared = address !== null && fd === undefined && isShared(server, addressType, flags);
  const own = shared ? bindShared(address, port ?? 0, addressType === 4 ? 4 : 6, flags) : undefined;
  if (own !== undefined && own < 0) return null;
  const handle = own === undefined ? createHandle(...args) : createHandle(null, null, null, own);
  if (own !== undefined) {
    if (typeof handle === 'number') binding().closeFd(own);
    else binding().disownFd(own);
  }
  return typeof handle === 'number' ? null : handle;
}

/** Connections of our own, or, in a worker of a cluster, those that the primary sends as handles of Node's. */
function receive<Handle extends ClientHandle>(
  handle: ListeningHandle,
  server: ListeningServer,
  serving: Serving<Handle>,
  ours: boolean,
): void {
  const isOurs = ours && (handle.fd ?? -1) >= 0;
  if (!isOurs && handle.fd !== undefined) return;
  handle.onconnection = (errno, given) => {
    if (errno < 0) {
      server.emit('error', systemError(errno, 'accept'));
      return;
    }
    const client = isOurs ? (given as Handle) : serving.handle(given.fd, given);
    if (admits(server, client)) serving.serve(server, client);
  };
}

function takeOver(handle: ListeningHandle, server: ListeningServer, serving: Serving): void {
  const { fd, close } = handle;
  // As with Node's own, 'connection' comes in the context of listen(), and what the connection does in one of its own.
  const context = new AsyncResource('KEVENT');
  const deliver = (client: ClientHandle): void => handle.onconnection?.(0, client);
  let acceptor: Acceptor | undefined;
  Object.assign(handle, {
    listen(backlog: number): number {
      // libuv keeps an EADDRINUSE of bind for listen; the socket is then not bound.
      const error = handle.getsockname?.({}) ?? 0;
      if (error < 0) return error;
      const listened = binding().socketListen(fd as number, Number(backlog) | 0);
      if (listened < 0) return listened;
      // Connections have what the listening socket has: a system call less for each. -EOPNOTSUPP: no TCP.
      if (server.noDelay) setNoDelay(fd as number, true);
      try {
        acceptor = new Acceptor(fd as number, {
          accepted: (connection) => context.runInAsyncScope(deliver, undefined, serving.handle(connection)),
          failed: (errno) => server.emit('error', systemError(errno, 'accept')),
        });
      } catch (error) {
        return (error as SystemError).errno;
      }
      return 0;
    },
    close(done?: () => void): void {
      acceptor?.close();
      Reflect.apply(close, handle, [done]);
    },
    ref: () => acceptor?.ref(),
    unref: () => acceptor?.unref(),
  });
}
