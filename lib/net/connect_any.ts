import type { BlockList } from 'node:net';
import { isIP } from 'node:net';

import { attempt, connectError, type Family, type LookupAddress, type Target } from './connect.js';
import { connectionTimeout, invalidAddressFamily, invalidIpAddress } from './errors.js';
import type { Socket } from './socket.js';
import { connectedOver, touch } from './socket_symbols.js';
import type { StreamHandle } from './stream_handle.js';

const ETIMEDOUT = -110;

export interface AnyOptions {
  readonly localPort?: number;
  readonly blockList?: BlockList;
  /** Milliseconds that an address has before the next one is tried. */
  readonly attemptTimeout: number;
}

/**
 * Tries all addresses of a host, one after the other, IPv6 and IPv4 by turns, until one answers: what RFC 8305
 * calls happy eyeballs, with one attempt at a time as node:net has it.
 */
export function connectAny(
  socket: Socket,
  handle: StreamHandle,
  host: string,
  port: number,
  options: AnyOptions,
  error: Error | null,
  found: string | readonly LookupAddress[],
): void {
  if (!socket.connecting) return;
  if (error) {
    socket.emit('lookup', error, undefined, undefined, host);
    process.nextTick(() => socket.destroy(error));
    return;
  }
  const addresses: readonly LookupAddress[] = Array.isArray(found) ? found : [];
  const byFamily: { readonly [family in Family]: LookupAddress[] } = { 4: [], 6: [] };
  let first: Family | undefined;
  for (const entry of addresses) {
    const { address, family } = entry;
    socket.emit('lookup', error, address, family, host);
    if (!socket.connecting) return;
    if ((family !== 4 && family !== 6) || !isIP(address)) continue;
    first ??= family;
    byFamily[family].push(entry);
  }
  if (first === undefined) {
    const { address, family } = addresses[0] ?? { address: undefined, family: undefined };
    const invalid =
      addresses.length > 0 && isIP(String(address))
        ? invalidAddressFamily(family, host, port)
        : invalidIpAddress(address);
    process.nextTick(() => socket.destroy(invalid));
    return;
  }
  socket[touch]();
  const mine = byFamily[first];
  const other = byFamily[first === 4 ? 6 : 4];
  const targets: Target[] = [];
  for (let i = 0; i < Math.max(mine.length, other.length); i += 1) {
    for (const entry of [mine[i], other[i]]) {
      if (entry === undefined) continue;
      const family: Family = entry.family === 4 ? 4 : 6;
      targets.push({
        address: entry.address,
        port,
        family,
        localAddress: undefined,
        localPort: options.localPort,
      });
    }
  }
  if (targets.length > 1) socket.autoSelectFamilyAttemptedAddresses = [];
  new Attempts(socket, handle, targets, options).next();
}

class Attempts {
  readonly #socket: Socket;
  readonly #handle: StreamHandle;
  readonly #targets: readonly Target[];
  readonly #options: AnyOptions;
  readonly #errors: Error[] = [];
  #index = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(socket: Socket, handle: StreamHandle, targets: readonly Target[], options: AnyOptions) {
    this.#socket = socket;
    this.#handle = handle;
    this.#targets = targets;
    this.#options = options;
  }

  next(): void {
    const socket = this.#socket;
    if (!socket.connecting) return;
    const target = this.#targets[this.#index];
    if (target === undefined) {
      socket.destroy(this.#error());
      return;
    }
    this.#index += 1;
    const { address, port, family } = target;
    const handle = this.#handle;
    const fd = attempt(target, this.#options.blockList);
    socket.autoSelectFamilyAttemptedAddresses?.push(`${address}:${port}`);
    if (fd instanceof Error) {
      this.#errors.push(fd);
      socket.emit('connectionAttemptFailed', address, port, family, fd);
      this.next();
      return;
    }
    handle.open(fd);
    socket.emit('connectionAttempt', address, port, family);
    if (handle.closed) return;
    handle.whenConnected((errno) => this.#decided(target, errno));
    if (this.#index < this.#targets.length) {
      this.#timer = setTimeout(() => this.#tookTooLong(target), this.#options.attemptTimeout);
    }
  }

  #decided(target: Target, errno: number): void {
    clearTimeout(this.#timer);
    const socket = this.#socket;
    if (errno === 0) {
      socket[connectedOver](this.#handle);
      return;
    }
    const error = connectError(errno, target);
    this.#errors.push(error);
    socket.emit('connectionAttemptFailed', target.address, target.port, target.family, error);
    this.next();
  }

  #tookTooLong(target: Target): void {
    if (this.#handle.closed) return;
    this.#handle.drop();
    this.#errors.push(connectError(ETIMEDOUT, target));
    this.#socket.emit('connectionAttemptTimeout', target.address, target.port, target.family);
    this.next();
  }

  #error(): Error {
    const [first] = this.#errors;
    if (this.#errors.length === 1 && first !== undefined) return first;
    if (first === undefined) return connectionTimeout();
    const error = new AggregateError(this.#errors);
    const code = 'code' in first ? first.code : undefined;
    return Object.assign(error, { code });
  }
}
