import { LITTLE_ENDIAN } from '../abi/ukevent.js';

/** Where a socket's peer is, as node:net says it. */
export interface SocketAddress {
  /** An IP address; the path of a Unix socket, which is empty for most peers. */
  address: string;
  /** 0 for a Unix socket. */
  port: number;
  /** Of the address. */
  family: 'IPv4' | 'IPv6' | 'Unix';
}

/** Bytes of the longest `struct sockaddr`. */
export const SOCKADDR_BYTES = 128;

const AF_INET = 2;
const AF_INET6 = 10;

/** The groups of an IPv6 address, the longest run of zeros left out, as RFC 5952 wants it. */
function ipv6(data: DataView, at: number): string {
  const groups = Array.from({ length: 8 }, (_, i) => data.getUint16(at + 2 * i).toString(16));
  if (groups.slice(0, 6).join() === '0,0,0,0,0,ffff') {
    return `::ffff:${Array.from({ length: 4 }, (_, i) => data.getUint8(at + 12 + i)).join('.')}`;
  }
  let longest = { from: 0, to: 0 };
  for (let from = 0; from < 8; from += 1) {
    let to = from;
    while (groups[to] === '0') to += 1;
    if (to - from > longest.to - longest.from) longest = { from, to };
  }
  const { from, to } = longest;
  if (to - from < 2) return groups.join(':');
  return `${groups.slice(0, from).join(':')}::${groups.slice(to).join(':')}`;
}

/** What accept(2) wrote. */
export function readSocketAddress(sockaddr: Uint8Array): SocketAddress {
  const data = new DataView(sockaddr.buffer, sockaddr.byteOffset, sockaddr.byteLength);
  const family = data.getUint16(0, LITTLE_ENDIAN);
  if (family === AF_INET)
    return { address: sockaddr.subarray(4, 8).join('.'), port: data.getUint16(2), family: 'IPv4' };
  if (family === AF_INET6) return { address: ipv6(data, 8), port: data.getUint16(2), family: 'IPv6' };
  const path = sockaddr.subarray(2);
  const end = path.indexOf(0);
  return {
    address: Buffer.from(path.subarray(0, end < 0 ? undefined : end)).toString(),
    port: 0,
    family: 'Unix',
  };
}
