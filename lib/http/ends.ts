import type { Socket as NodeSocket, Server } from 'node:net';
import type { TLSSocket } from 'node:tls';

/** The calls that a TLSSocket passes on to what it is on top of, if that has them. */
interface Passed {
  getpeername?(out: object): number;
  getsockname?(out: object): number;
  setNoDelay?(on: boolean): number;
  setKeepAlive?(on: boolean, seconds: number): number;
  ref?(): unknown;
  unref?(): unknown;
}

interface Wrapped extends TLSSocket {
  readonly _handle: {
    readonly _parent: Passed;
    readonly _parentWrap: { readonly stream?: NodeSocket };
  } | null;
}

/**
 * Lets the encrypted sockets of a server know who is at their ends, and set options: over a stream that is not one of
 * Node's own handles, Node does not pass that on. Does nothing for a server without encryption, and nothing twice.
 */
export function passEndsOn(server: Server): void {
  if (!('setSecureContext' in server)) return;
  for (const event of ['secureConnection', 'tlsClientError']) {
    if (!server.listeners(event).includes(passOn)) server.prependListener(event, passOn);
  }
}

/** The socket is the last argument of both events. */
function passOn(...args: unknown[]): void {
  const { _handle: handle } = args.at(-1) as Wrapped;
  const stream = handle?._parentWrap?.stream;
  if (handle === null || stream === undefined) return;
  const passed: Passed = {
    getpeername(out) {
      Object.assign(out, {
        address: stream.remoteAddress,
        family: stream.remoteFamily,
        port: stream.remotePort,
      });
      return 0;
    },
    getsockname(out) {
      Object.assign(out, {
        address: stream.localAddress,
        family: stream.localFamily,
        port: stream.localPort,
      });
      return 0;
    },
    setNoDelay(on) {
      stream.setNoDelay(on);
      return 0;
    },
    setKeepAlive(on, seconds) {
      stream.setKeepAlive(on, seconds * 1000);
      return 0;
    },
    ref: () => stream.ref(),
    unref: () => stream.unref(),
  };
  Object.assign(handle._parent, passed);
}
