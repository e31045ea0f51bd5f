import { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';

import { Socket } from './socket.js';

/** What Node reads and writes a stream by that is not on a handle of its own, such as a TLSSocket over ours. */
interface StreamHandle {
  [owner: symbol]: { readonly stream?: unknown } | undefined;
}

const EINVAL = -22;

let done = false;

/**
 * Node passes neither names nor options on to the stream below its TLS and its HTTP/2, unless that is on a handle of its
 * own: `remoteAddress` would be undefined, setNoDelay() would do nothing. From now on it does where the stream is ours;
 * for all others nothing changes. The handles are all of one class, whose prototype only an example of them shows.
 */
export function passOnToSockets(): void {
  if (done) return;
  done = true;
  // A Node.js without OpenSSL has nothing to pass on for.
  if (process.versions.openssl === undefined) return;
  const tls = process.getBuiltinModule('node:tls');
  const example = new tls.TLSSocket(new Duplex({ read() {} }));
  const handle = handleBelow(example);
  example.destroy();
  if (handle === undefined) return;
  const owner = Object.getOwnPropertySymbols(handle).find(
    ({ description }) => description === 'owner_symbol',
  );
  if (owner !== undefined) addMethods(Object.getPrototypeOf(handle), owner);
}

function handleBelow(socket: TLSSocket): StreamHandle | undefined {
  const { _handle: handle } = socket as unknown as { _handle?: { _parent?: StreamHandle } | null };
  return handle?._parent;
}

function addMethods(prototype: object, owner: symbol): void {
  const socketOf = (handle: StreamHandle): Socket | undefined => {
    const stream = handle[owner]?.stream;
    return stream instanceof Socket ? stream : undefined;
  };
  const method = (pass: (socket: Socket, ...args: never[]) => unknown) => ({
    configurable: true,
    writable: true,
    value(this: StreamHandle, ...args: never[]): number {
      const socket = socketOf(this);
      if (socket === undefined) return EINVAL;
      pass(socket, ...args);
      return 0;
    },
  });
  Object.defineProperties(prototype, {
    getsockname: method(({ localAddress, localFamily, localPort }, out: object) =>
      Object.assign(out, { address: localAddress, family: localFamily, port: localPort }),
    ),
    getpeername: method(({ remoteAddress, remoteFamily, remotePort }, out: object) =>
      Object.assign(out, { address: remoteAddress, family: remoteFamily, port: remotePort }),
    ),
    setNoDelay: method((socket, on: boolean) => socket.setNoDelay(on)),
    setKeepAlive: method((socket, on: boolean, seconds: number) => socket.setKeepAlive(on, seconds * 1000)),
    ref: method((socket) => socket.ref()),
    unref: method((socket) => socket.unref()),
  });
}
