import { binding } from '../abi/binding.js';
import {
  IPPROTO_TCP,
  SO_ERROR,
  SO_KEEPALIVE,
  SOL_SOCKET,
  TCP_KEEPCNT,
  TCP_KEEPIDLE,
  TCP_KEEPINTVL,
  TCP_NODELAY,
} from '../abi/socket_options.js';

/** 0, or a negative errno. */
export function setNoDelay(fd: number, enable: boolean): number {
  return binding().socketSetOption(fd, IPPROTO_TCP, TCP_NODELAY, enable ? 1 : 0);
}

/** `delay`: seconds; 0 leaves it as it is. 0, or a negative errno. */
export function setKeepAlive(fd: number, enable: boolean, delay: number): number {
  const { socketSetOption } = binding();
  const result = socketSetOption(fd, SOL_SOCKET, SO_KEEPALIVE, enable ? 1 : 0);
  if (result < 0 || !enable || delay === 0) return result;
  // As libuv: ten probes, a second apart.
  socketSetOption(fd, IPPROTO_TCP, TCP_KEEPINTVL, 1);
  socketSetOption(fd, IPPROTO_TCP, TCP_KEEPCNT, 10);
  return socketSetOption(fd, IPPROTO_TCP, TCP_KEEPIDLE, delay);
}

/** The error that a connection has ended with, or was not made with: a negative errno; 0 if there is none. */
export function socketError(fd: number): number {
  const out = new Int32Array(1);
  const result = binding().socketGetOption(fd, SOL_SOCKET, SO_ERROR, out);
  return result < 0 ? result : -(out[0] ?? 0);
}
