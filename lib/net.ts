/**
 * node:net on the kevent loop: the same functions, classes, events, errors and defaults. What is not named here is
 * node:net's, unchanged.
 *
 * @module kevent/net
 */
import net from 'node:net';

import { withReplacements } from './net/builtin.js';
import { callable } from './net/callable.js';
import { SocketServing } from './net/connection.js';
import { createConnection as create } from './net/create_connection.js';
import { listener } from './net/listening.js';
import { listenWithReusePort } from './net/reuse_port.js';
import { createSlabServer } from './net/slab_server.js';
import { Socket as LoopSocket } from './net/socket.js';
import { subclass } from './net/subclass.js';

export * from 'node:net';
export type { SocketName } from './abi/binding.js';
export type { SlabConnection, SlabHandlers, SlabServerOptions } from './net/slab_server.js';
export { createSlabServer };

/**
 * `net.Socket`, a Duplex, on the kevent loop. As with Node's own, `new` may be left out. It owns its descriptor: `destroy`
 * and the end of both halves close it, one that was given as `fd` too.
 *
 * @example
 * const socket = new Socket({ fd: 3 });
 * socket.pipe(process.stdout);
 */
export const Socket = callable(LoopSocket) as unknown as typeof net.Socket;
// A TLSSocket is a net.Socket to those who ask, and Node's TLSSocket inherits from Node's.
Object.defineProperty(Socket, Symbol.hasInstance, {
  value(this: unknown, value: unknown): boolean {
    const inherits = Function.prototype[Symbol.hasInstance].call(this, value);
    return inherits || (this === Socket && value instanceof net.Socket);
  },
});
export type Socket = net.Socket;
/**
 * The same as {@link Socket}.
 *
 * @alias
 */
export const Stream = Socket;

/**
 * `net.Server` whose connections are on the kevent loop. As with Node's own, `new` may be left out. What cannot be
 * listened on is an 'error' event with `code`, `errno` and `syscall`; EMFILE at accept is not, the connection waits.
 *
 * @example
 * const server = new Server((socket) => socket.end('hello'));
 * server.listen('/run/hello.sock');
 */
export const Server: typeof net.Server = subclass(net.Server, 'Server', {
  listen: listenWithReusePort,
  _listen2: listener(new SocketServing()),
});
export type Server = net.Server;

/**
 * A {@link Server}; arguments, events and errors are those of `net.createServer`.
 *
 * @example
 * createServer((socket) => socket.pipe(socket)).listen(8080);
 */
export const createServer: typeof net.createServer = (...args: unknown[]) => Reflect.construct(Server, args);

/**
 * A {@link Socket} that connects; arguments, events and errors are those of `net.createConnection`.
 *
 * @example
 * createConnection(8080, 'localhost', () => console.log('connected'));
 */
export const createConnection = create as unknown as typeof net.createConnection;
/**
 * The same as {@link createConnection}.
 *
 * @example
 * for await (const chunk of connect(8080)) console.log(chunk.length);
 */
export const connect = createConnection as unknown as typeof net.connect;

/** node:net, with what is above in its place: as `import net from` and `require()` give it, to be changed like that. */
const keventNet: typeof net & {
  /** See {@link createSlabServer}. */ createSlabServer: typeof createSlabServer;
} = Object.assign(
  withReplacements(net, { Socket, Stream, Server, createServer, createConnection, connect } as Partial<
    typeof net
  >),
  { createSlabServer },
);

/**
 * The types of node:net, for who writes `net.Server` after `import net from`.
 *
 * @hidden
 */
declare namespace keventNet {
  export type Server = net.Server;
  export type Socket = net.Socket;
  export type AddressInfo = net.AddressInfo;
  export type BlockList = net.BlockList;
  export type DropArgument = net.DropArgument;
  export type IpcNetConnectOpts = net.IpcNetConnectOpts;
  export type IpcSocketConnectOpts = net.IpcSocketConnectOpts;
  export type ListenOptions = net.ListenOptions;
  export type LookupFunction = net.LookupFunction;
  export type NetConnectOpts = net.NetConnectOpts;
  export type OnReadOpts = net.OnReadOpts;
  export type ServerOpts = net.ServerOpts;
  export type SocketAddress = net.SocketAddress;
  export type SocketAddressInitOptions = net.SocketAddressInitOptions;
  export type SocketConnectOpts = net.SocketConnectOpts;
  export type SocketConstructorOpts = net.SocketConstructorOpts;
  export type TcpNetConnectOpts = net.TcpNetConnectOpts;
  export type TcpSocketConnectOpts = net.TcpSocketConnectOpts;
}

export { keventNet as default, keventNet as 'module.exports' };
