import * as net from 'node:net';

import { BIND_IPV6ONLY, BIND_REUSEPORT, binding } from '../abi/binding.js';

/** Of libuv, in the flags that Node gives to `_listen2`. */
const UV_TCP_IPV6ONLY = 1;
const UV_TCP_REUSEPORT = 2;

/** Servers that were asked to share their port. */
const sharing = new WeakSet<net.Server>();
const listenAsNode = net.Server.prototype.listen;

/** net.Server's `listen`, with `reusePort` also where Node.js does not know it: before 22.12. */
export function listenWithReusePort(this: net.Server, ...args: unknown[]): net.Server {
  const [options] = args;
  if (
    typeof options === 'object' &&
    options !== null &&
    'reusePort' in options &&
    options.reusePort === true
  ) {
    sharing.add(this);
  } else {
    sharing.delete(this);
  }
  return Reflect.apply(listenAsNode, this, args);
}

/** Whether it is for us to see to it that a server shares its port. */
export function isShared(server: net.Server, addressType: number | null, flags: number): boolean {
  return (addressType === 4 || addressType === 6) && (flags & UV_TCP_REUSEPORT) === 0 && sharing.has(server);
}

/** A socket with SO_REUSEPORT, bound and not listening yet; or a negative errno. */
export function bindShared(address: string, port: number, addressType: 4 | 6, flags: number): number {
  const fd = binding().socketOpen(addressType, 1);
  if (fd < 0) return fd;
  const only = (flags & UV_TCP_IPV6ONLY) === 0 ? 0 : BIND_IPV6ONLY;
  const result = binding().socketBind(fd, address, port, BIND_REUSEPORT | only);
  if (result < 0) binding().closeFd(fd);
  return result < 0 ? result : fd;
}
