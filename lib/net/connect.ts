import { ADDRCONFIG, lookup as dnsLookup } from 'node:dns';
import type { BlockList } from 'node:net';
import { getDefaultAutoSelectFamily, getDefaultAutoSelectFamilyAttemptTimeout, isIP } from 'node:net';

import { binding } from '../abi/binding.js';
import { invalidArgType, outOfRange } from '../abi/errors.js';
import { connectAny } from './connect_any.js';
import { invalidAddressFamily, invalidIpAddress, ipBlocked, missingArguments, netError } from './errors.js';
import type { Socket } from './socket.js';
import { connectedOver, touch } from './socket_symbols.js';
import type { StreamHandle } from './stream_handle.js';

export interface LookupAddress {
  readonly address: string;
  readonly family: number;
}

type LookupCallback = (
  error: Error | null,
  address: string | readonly LookupAddress[],
  family?: number,
) => void;
type Lookup = (host: string, options: object, callback: LookupCallback) => void;

export interface ConnectOptions {
  port?: number | string;
  host?: string;
  path?: string;
  localAddress?: string;
  localPort?: number;
  family?: number | string;
  hints?: number;
  lookup?: Lookup;
  autoSelectFamily?: boolean;
  /** Milliseconds. */
  autoSelectFamilyAttemptTimeout?: number;
  /** Milliseconds. */
  timeout?: number;
  blockList?: BlockList;
}

export type Family = 4 | 6;

/** Where to, and from where. */
export interface Target {
  readonly address: string;
  readonly port: number;
  readonly family: Family;
  readonly localAddress: string | undefined;
  readonly localPort: number | undefined;
}

const EINPROGRESS = -115;
const ECONNREFUSED = -111;
/** Bytes of sun_path, unix(7). */
const LONGEST_PATH = 108;
/** Milliseconds: less would give no peer a chance. */
const LEAST_ATTEMPT_TIMEOUT = 10;

function isFamily(value: unknown): value is Family {
  return value === 4 || value === 6;
}

function dnsFamily(family: number | string | undefined): number {
  if (family === 'IPv4') return 4;
  if (family === 'IPv6') return 6;
  return typeof family === 'number' ? family : 0;
}

function checkPort(port: unknown): number {
  const valid =
    (typeof port === 'number' || (typeof port === 'string' && port.trim() !== '')) &&
    Number.isInteger(Number(port)) &&
    Number(port) >= 0 &&
    Number(port) <= 0xffff;
  if (valid) return Number(port);
  const error = new RangeError(
    `Port should be >= 0 and < 65536. Received ${typeof port === 'string' ? `type string ('${port}')` : `type ${typeof port} (${String(port)})`}.`,
  );
  throw Object.assign(error, { code: 'ERR_SOCKET_BAD_PORT' });
}

function checkAttemptTimeout(timeout: unknown): number {
  const name = 'options.autoSelectFamilyAttemptTimeout';
  if (timeout == null) return getDefaultAutoSelectFamilyAttemptTimeout();
  if (typeof timeout !== 'number') throw invalidArgType(name, 'of type number', timeout);
  if (!Number.isInteger(timeout)) throw outOfRange(name, 'an integer', timeout);
  if (timeout < 1 || timeout > 0x7fffffff) throw outOfRange(name, '>= 1 && <= 2147483647', timeout);
  return Math.max(timeout, LEAST_ATTEMPT_TIMEOUT);
}

/** Connects a socket; what goes wrong later than in the arguments destroys it. @throws ERR_* */
export function connect(socket: Socket, handle: StreamHandle, options: ConnectOptions): void {
  if (options.path) {
    if (typeof options.path !== 'string')
      throw invalidArgType('options.path', 'of type string', options.path);
    connectPath(socket, handle, options.path);
    return;
  }
  if (options.port === undefined && options.path === undefined)
    throw missingArguments('options', 'port', 'path');
  const { localAddress, localPort } = options;
  const host = options.host || 'localhost';
  if (localAddress && !isIP(localAddress)) throw invalidIpAddress(localAddress);
  if (localPort && typeof localPort !== 'number') {
    throw invalidArgType('options.localPort', 'of type number', localPort);
  }
  if (typeof options.port !== 'number' && typeof options.port !== 'string') {
    throw invalidArgType('options.port', 'one of type number or string', options.port);
  }
  const port = checkPort(options.port);
  const { autoSelectFamily } = options;
  if (autoSelectFamily != null && typeof autoSelectFamily !== 'boolean') {
    throw invalidArgType('options.autoSelectFamily', 'of type boolean', autoSelectFamily);
  }
  const selectFamily = autoSelectFamily ?? getDefaultAutoSelectFamily();
  const attemptTimeout = checkAttemptTimeout(options.autoSelectFamilyAttemptTimeout);
  const family = isIP(host);
  if (isFamily(family)) {
    process.nextTick(() => {
      if (socket.connecting)
        connectTo(socket, handle, { address: host, port, family, localAddress, localPort }, options);
    });
    return;
  }
  if (options.lookup != null && typeof options.lookup !== 'function') {
    throw invalidArgType('options.lookup', 'of type function', options.lookup);
  }
  lookUp(socket, handle, host, port, options, selectFamily ? attemptTimeout : undefined);
}

/** `attemptTimeout`: of each address, if all of them may be tried. */
function lookUp(
  socket: Socket,
  handle: StreamHandle,
  host: string,
  port: number,
  options: ConnectOptions,
  attemptTimeout: number | undefined,
): void {
  const { localAddress, localPort } = options;
  const lookup = options.lookup ?? (dnsLookup as Lookup);
  const query = { family: dnsFamily(options.family), hints: options.hints ?? 0 };
  if (!isFamily(query.family) && query.hints === 0) query.hints = ADDRCONFIG;
  socket._host = host;
  if (attemptTimeout !== undefined && !isFamily(query.family) && !localAddress) {
    lookup(host, { ...query, all: true }, (error, found) => {
      connectAny(socket, handle, host, port, { ...options, attemptTimeout }, error, found);
    });
    return;
  }
  lookup(host, query, (error, address, family) => {
    socket.emit('lookup', error, address, family, host);
    // Somebody may have destroyed it while the name was looked up.
    if (!socket.connecting) return;
    if (error) {
      process.nextTick(() => socket.destroy(error));
    } else if (typeof address !== 'string' || !isIP(address)) {
      const invalid = invalidIpAddress(address);
      process.nextTick(() => socket.destroy(invalid));
    } else if (!isFamily(family)) {
      const invalid = invalidAddressFamily(family, host, port);
      process.nextTick(() => socket.destroy(invalid));
    } else {
      socket[touch]();
      connectTo(socket, handle, { address, port, family, localAddress, localPort }, options);
    }
  });
}

function connectPath(socket: Socket, handle: StreamHandle, path: string): void {
  const decided = (errno: number): void => {
    if (socket.destroyed || socket._handle !== handle) return;
    if (errno === 0) {
      socket[connectedOver](handle);
      return;
    }
    const error = netError(errno, 'connect', path);
    socket.connecting = false;
    socket.emit('connectionAttemptFailed', path, undefined, undefined, error);
    socket.destroy(error);
  };
  socket.emit('connectionAttempt', path, undefined, undefined);
  if (handle.closed) return; // by the listener
  const fd = binding().socketOpen(1, 1);
  if (fd >= 0) handle.open(fd);
  const result = fd < 0 ? fd : tryPath(fd, path);
  // It is decided already, but whoever made the socket may listen to it in a promise.
  if (result === EINPROGRESS) handle.whenConnected(decided);
  else setImmediate(decided, result);
}

/** 0 or a negative errno. */
function tryPath(fd: number, path: string): number {
  const result = binding().socketConnectPath(fd, path);
  if (result !== ECONNREFUSED || !path.startsWith('\0')) return result;
  // Servers of Node 20 fill an abstract name up with NULs, which are then part of it.
  const padded = Buffer.alloc(LONGEST_PATH);
  padded.write(path);
  return binding().socketConnectPath(fd, padded);
}

/**
 * One attempt: the descriptor that is connecting, or the error for why it cannot.
 *
 * @param existing - is connected in place of a new one, and stays open if it cannot be
 */
export function attempt(target: Target, blockList: BlockList | undefined, existing?: number): number | Error {
  const { address, port, family, localAddress, localPort } = target;
  if (blockList?.check(address, family === 4 ? 'ipv4' : 'ipv6')) return ipBlocked(address);
  const fd = existing ?? binding().socketOpen(family, 1);
  if (fd < 0) return netError(fd, 'connect', address, port);
  const fail = (error: Error): Error => {
    if (existing === undefined) binding().closeFd(fd);
    return error;
  };
  if (localAddress || localPort) {
    const local = localAddress || (family === 4 ? '0.0.0.0' : '::');
    const bound = binding().socketBind(fd, local, localPort ?? 0, 0);
    if (bound < 0) return fail(netError(bound, 'bind', local, localPort));
  }
  const result = binding().socketConnect(fd, address, port);
  return result === 0 || result === EINPROGRESS ? fd : fail(connectError(result, target));
}

/** The error of an attempt that has failed. */
export function connectError(errno: number, target: Target): Error {
  const { address, port, localAddress, localPort } = target;
  const local = localAddress && localPort !== undefined ? `${localAddress}:${localPort}` : undefined;
  const error = netError(errno, 'connect', address, port, local);
  if (localAddress && localPort !== undefined) {
    error.localAddress = localAddress;
    error.localPort = localPort;
  }
  return error;
}

function connectTo(
  socket: Socket,
  handle: StreamHandle,
  target: Target,
  { blockList }: ConnectOptions,
): void {
  // A connection that is there, or on its way, is not replaced: the kernel says what it thinks of another one.
  const fd = attempt(target, blockList, handle.fd >= 0 ? handle.fd : undefined);
  if (fd instanceof Error) {
    process.nextTick(() => socket.destroy(fd));
    return;
  }
  if (fd !== handle.fd) handle.open(fd);
  const { address, port, family } = target;
  socket.emit('connectionAttempt', address, port, family);
  if (handle.closed) return; // by the listener
  handle.whenConnected((errno) => {
    if (errno === 0) {
      socket[connectedOver](handle);
      return;
    }
    const error = connectError(errno, target);
    socket.connecting = false;
    socket.emit('connectionAttemptFailed', address, port, family, error);
    socket.destroy(error);
  });
}
