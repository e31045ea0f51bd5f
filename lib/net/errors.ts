import { getSystemErrorName } from 'node:util';

import type { CodedError } from '../abi/errors.js';

/** An error of a system call as node:net has it: `errno` is negative. */
export interface NetError extends Error {
  errno: number;
  code: string;
  syscall: string;
  address?: string;
  port?: number;
  localAddress?: string;
  localPort?: number;
}

/** `connect ECONNREFUSED 127.0.0.1:1 - Local (127.0.0.1:2)` */
export function netError(
  errno: number,
  syscall: string,
  address?: string,
  port?: number,
  local?: string,
): NetError {
  const code = getSystemErrorName(errno);
  let details = '';
  if (port !== undefined && port > 0) details = ` ${address}:${port}`;
  else if (address !== undefined) details = ` ${address}`;
  if (local !== undefined) details += ` - Local (${local})`;
  const error = new Error(`${syscall} ${code}${details}`) as NetError;
  error.errno = errno;
  error.code = code;
  error.syscall = syscall;
  if (address !== undefined) error.address = address;
  if (port !== undefined && port > 0) error.port = port;
  return error;
}

type Kind = new (message: string) => Error;

function coded(Base: Kind, code: string, message: string): CodedError {
  const error = new Base(message) as CodedError;
  error.code = code;
  // As Node's own errors: the code is part of what is printed, but not of the name.
  Object.defineProperty(error, 'toString', {
    value: () => `${error.name} [${code}]: ${error.message}`,
    enumerable: false,
    configurable: true,
    writable: true,
  });
  return error;
}

export const socketClosed = (): CodedError => coded(Error, 'ERR_SOCKET_CLOSED', 'Socket is closed');
export const socketClosedBeforeConnection = (): CodedError =>
  coded(Error, 'ERR_SOCKET_CLOSED_BEFORE_CONNECTION', 'Socket closed before the connection was established');
export const connectionTimeout = (): CodedError =>
  coded(Error, 'ERR_SOCKET_CONNECTION_TIMEOUT', 'Socket connection timeout');
export const invalidHandleType = (): CodedError =>
  coded(TypeError, 'ERR_INVALID_HANDLE_TYPE', 'This handle type cannot be sent');
export const invalidFdType = (type: string): CodedError =>
  coded(TypeError, 'ERR_INVALID_FD_TYPE', `Unsupported fd type: ${type}`);
export const invalidIpAddress = (address: unknown): CodedError =>
  coded(TypeError, 'ERR_INVALID_IP_ADDRESS', `Invalid IP address: ${String(address)}`);
export const ipBlocked = (address: string): CodedError =>
  coded(Error, 'ERR_IP_BLOCKED', `IP(${address}) is blocked by net.BlockList`);
export const missingArguments = (...names: string[]): CodedError =>
  coded(
    TypeError,
    'ERR_MISSING_ARGS',
    `The ${names.map((n) => `"${n}"`).join(' or ')} argument must be specified`,
  );
export const invalidAddressFamily = (family: unknown, host: string, port: number): CodedError =>
  Object.assign(
    coded(
      RangeError,
      'ERR_INVALID_ADDRESS_FAMILY',
      `Invalid address family: ${String(family)} ${host}:${port}`,
    ),
    { host, port },
  );

export function connectionReset(): CodedError {
  const error = new Error('socket hang up') as CodedError;
  error.code = 'ECONNRESET';
  return error;
}
