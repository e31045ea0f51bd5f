/**
 * Levels and names of socket options, for `socketSetOption` and `socketGetOption`. They differ between
 * architectures; a test compares every one of them with what the compiled binding reports.
 */

/** Level: of any socket. */
export const SOL_SOCKET = 1;
/** Level: of TCP. */
export const IPPROTO_TCP = 6;
/** Level: of IPv6. */
export const IPPROTO_IPV6 = 41;

/** SOL_SOCKET: the pending error, a positive errno or 0; reading it clears it. */
export const SO_ERROR = 4;
/** SOL_SOCKET: an address whose last connections are in TIME_WAIT is free. */
export const SO_REUSEADDR = 2;
/** SOL_SOCKET: several sockets on one port. */
export const SO_REUSEPORT = 15;
/** SOL_SOCKET: ask a silent peer whether it is there. */
export const SO_KEEPALIVE = 9;
/** SOL_SOCKET: bytes of the kernel's send buffer; reads twice what was set. */
export const SO_SNDBUF = 7;
/** SOL_SOCKET: bytes of the kernel's receive buffer; reads twice what was set. */
export const SO_RCVBUF = 8;
/** SOL_SOCKET: 1 for SOCK_STREAM. */
export const SO_TYPE = 3;
/** SOL_SOCKET: whether it listens. */
export const SO_ACCEPTCONN = 30;

/** IPPROTO_TCP: send small segments at once. */
export const TCP_NODELAY = 1;
/** IPPROTO_TCP: send full segments only, until it is cleared. */
export const TCP_CORK = 3;
/** IPPROTO_TCP: seconds of silence before the first keep-alive probe. */
export const TCP_KEEPIDLE = 4;
/** IPPROTO_TCP: seconds between probes. */
export const TCP_KEEPINTVL = 5;
/** IPPROTO_TCP: unanswered probes before the connection is dropped. */
export const TCP_KEEPCNT = 6;
/** IPPROTO_TCP: milliseconds that sent data may stay unacknowledged before the connection is dropped. */
export const TCP_USER_TIMEOUT = 18;

/** IPPROTO_IPV6: not for IPv4 as well. */
export const IPV6_V6ONLY = 26;
