import { channel } from 'node:diagnostics_channel';
import type { BlockList, Server } from 'node:net';

import { binding } from '../abi/binding.js';
import type { ClientHandle, Serving } from './listening.js';
import { passOnToSockets } from './pass_on.js';
import { Socket } from './socket.js';
import type { SocketOptions } from './socket_options.js';
import { open } from './socket_symbols.js';
import { type DescriptorOwner, StreamHandle } from './stream_handle.js';

/** What net.Server keeps of its options, and of its connections, for whoever accepts them. */
export interface ListeningServer extends Server {
  _connections: number;
  _emitCloseIfDrained(): void;
  readonly allowHalfOpen: boolean;
  readonly pauseOnConnect: boolean;
  readonly noDelay: boolean;
  readonly keepAlive: boolean;
  /** Seconds. */
  readonly keepAliveInitialDelay: number;
  readonly highWaterMark: number;
  readonly blockList?: BlockList;
}

const accepted = channel('net.server.socket');

/** Whether a server takes one more connection, and this one. If not, it is closed. */
export function admits(server: ListeningServer, handle: ClientHandle): boolean {
  const { maxConnections, blockList } = server;
  if (maxConnections != null && server._connections >= maxConnections) {
    const dropped = addresses(handle.fd);
    handle.close();
    server.emit('drop', dropped);
    return false;
  }
  if (blockList === undefined || !isBlocked(blockList, handle.fd)) return true;
  handle.close();
  return false;
}

/** Connections as sockets, of the class that `classFor` says. */
export class SocketServing implements Serving<StreamHandle> {
  readonly #classFor: (server: Server) => new (options: SocketOptions) => Socket;

  constructor(classFor: (server: Server) => new (options: SocketOptions) => Socket = () => Socket) {
    this.#classFor = classFor;
  }

  handle(fd: number, owner?: DescriptorOwner): StreamHandle {
    return new StreamHandle(fd, owner);
  }

  serve(server: ListeningServer, handle: StreamHandle): void {
    passOnToSockets();
    const { keepAliveInitialDelay, highWaterMark } = server;
    const socket = new (this.#classFor(server))({
      allowHalfOpen: server.allowHalfOpen,
      noDelay: server.noDelay,
      keepAlive: server.keepAlive,
      keepAliveInitialDelay: keepAliveInitialDelay * 1000,
      readableHighWaterMark: highWaterMark,
      writableHighWaterMark: highWaterMark,
    });
    server._connections += 1;
    socket.server = server;
    socket._server = server;
    socket[open](handle, server.pauseOnConnect);
    server.emit('connection', socket);
    if (accepted.hasSubscribers) accepted.publish({ socket });
  }
}

function isBlocked(blocked: BlockList, fd: number): boolean {
  const peer = binding().socketPeer(fd);
  if (typeof peer === 'number' || (peer.family !== 'IPv4' && peer.family !== 'IPv6')) return false;
  return blocked.check(peer.address, peer.family === 'IPv4' ? 'ipv4' : 'ipv6');
}

function addresses(fd: number): object | undefined {
  const [local, remote] = [binding().socketName(fd), binding().socketPeer(fd)];
  if (typeof local === 'number' || typeof remote === 'number' || local.family === 'unix') return undefined;
  return {
    localAddress: local.address,
    localPort: local.port,
    localFamily: local.family,
    remoteAddress: remote.address,
    remotePort: remote.port,
    remoteFamily: remote.family,
  };
}
