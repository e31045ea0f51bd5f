import type * as net from 'node:net';

import type { SocketName } from '../abi/binding.js';
import { RestingDuplex } from './resting_duplex.js';
import { type SocketOptions, streamOptions } from './socket_options.js';
import { applyOptions, detach } from './socket_symbols.js';
import type { StreamHandle } from './stream_handle.js';

/** What `address()` and its like say when there is nothing to say. */
const NO_NAME: Partial<net.AddressInfo> = {};

function addressInfo(name: SocketName | undefined): Partial<net.AddressInfo> {
  if (name === undefined || name.family === 'unix' || name.family === 'unknown') return NO_NAME;
  return { address: name.address, family: name.family, port: name.port };
}

/** A Duplex with a handle: the options of a connection, and its names. */
export class HandleStream extends RestingDuplex {
  _handle: StreamHandle | null = null;
  connecting = false;
  #noDelay: boolean | undefined;
  #keepAlive: boolean | undefined;
  /** Seconds. */
  #keepAliveDelay = 0;
  #unrefed = false;
  /** The handle that was closed: it has counted. */
  #closedHandle: StreamHandle | undefined;
  #sockname: Partial<net.AddressInfo> | undefined;
  #peername: Partial<net.AddressInfo> | undefined;

  constructor(options: SocketOptions) {
    super(streamOptions(options));
    this.#noDelay = options.noDelay ? true : undefined;
    this.#keepAlive = options.keepAlive ? true : undefined;
    this.#keepAliveDelay = Math.max(0, ~~((options.keepAliveInitialDelay ?? 0) / 1000));
  }

  [applyOptions](handle: StreamHandle): void {
    this.#sockname = this.#peername = undefined;
    if (this.#unrefed) handle.unref();
    if (this.#noDelay === true) handle.setNoDelay(true);
    if (this.#keepAlive === true) handle.setKeepAlive(true, this.#keepAliveDelay);
  }

  [detach](): StreamHandle | null {
    const handle = this._handle;
    if (handle !== null) this.#closedHandle = handle;
    this._handle = null;
    this.#sockname = undefined;
    return handle;
  }

  get bytesRead(): number {
    return (this._handle ?? this.#closedHandle)?.bytesRead ?? 0;
  }

  get _bytesDispatched(): number {
    return (this._handle ?? this.#closedHandle)?.bytesWritten ?? 0;
  }

  setNoDelay(enable?: boolean): this {
    const wanted = enable === undefined ? true : Boolean(enable);
    if (this._handle !== null && wanted !== (this.#noDelay ?? false)) this._handle.setNoDelay?.(wanted);
    this.#noDelay = wanted;
    return this;
  }

  setKeepAlive(enable?: boolean, initialDelay?: number): this {
    const wanted = Boolean(enable);
    const delay = Math.max(0, ~~((initialDelay ?? 0) / 1000));
    const changed = wanted !== (this.#keepAlive ?? false) || (wanted && delay !== this.#keepAliveDelay);
    if (this._handle !== null && changed) this._handle.setKeepAlive?.(wanted, delay);
    this.#keepAlive = wanted;
    this.#keepAliveDelay = delay;
    return this;
  }

  ref(): this {
    this.#unrefed = false;
    if (this._handle === null) this.once('connect', this.ref);
    else this._handle.ref();
    return this;
  }

  unref(): this {
    this.#unrefed = true;
    if (this._handle === null) this.once('connect', this.unref);
    else this._handle.unref();
    return this;
  }

  address(): Partial<net.AddressInfo> {
    return this._getsockname();
  }

  _getsockname(): Partial<net.AddressInfo> {
    if (this._handle === null || this.connecting) return NO_NAME;
    this.#sockname ??= addressInfo(this._handle.sockname);
    return this.#sockname;
  }

  _getpeername(): Partial<net.AddressInfo> {
    if (this._handle !== null && !this.connecting && this.#peername === undefined) {
      const peer = this._handle.peername;
      if (peer !== undefined) this.#peername = addressInfo(peer);
    }
    return this.#peername ?? NO_NAME;
  }

  get localAddress(): string | undefined {
    return this._getsockname().address;
  }

  get localPort(): number | undefined {
    return this._getsockname().port;
  }

  get localFamily(): string | undefined {
    return this._getsockname().family;
  }

  get remoteAddress(): string | undefined {
    return this._getpeername().address;
  }

  get remotePort(): number | undefined {
    return this._getpeername().port;
  }

  get remoteFamily(): string | undefined {
    return this._getpeername().family;
  }
}
