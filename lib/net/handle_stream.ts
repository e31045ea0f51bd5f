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

/** What is asked of a connection. Never changed: those of one server mostly have the same, and then have one for all. */
interface Wanted {
  readonly noDelay: boolean;
  readonly keepAlive: boolean;
  /** Seconds. */
  readonly keepAliveDelay: number;
  readonly unrefed: boolean;
}

let latest: Wanted = { noDelay: false, keepAlive: false, keepAliveDelay: 0, unrefed: false };

function wanted(noDelay: boolean, keepAlive: boolean, keepAliveDelay: number, unrefed: boolean): Wanted {
  const isSame =
    latest.noDelay === noDelay &&
    latest.keepAlive === keepAlive &&
    latest.keepAliveDelay === keepAliveDelay &&
    latest.unrefed === unrefed;
  if (!isSame) latest = { noDelay, keepAlive, keepAliveDelay, unrefed };
  return latest;
}

function wantedRef({ noDelay, keepAlive, keepAliveDelay }: Wanted, unrefed: boolean): Wanted {
  return wanted(noDelay, keepAlive, keepAliveDelay, unrefed);
}

/** What is known of a connection that somebody has asked about, or that is closed. */
class Known {
  wanted: Wanted;
  /** The handle that was closed: it has counted. */
  closedHandle: StreamHandle | undefined = undefined;
  sockname: Partial<net.AddressInfo> | undefined = undefined;
  peername: Partial<net.AddressInfo> | undefined = undefined;

  constructor(wanted: Wanted) {
    this.wanted = wanted;
  }
}

/** A Duplex with a handle: the options of a connection, and its names. */
export class HandleStream extends RestingDuplex {
  _handle: StreamHandle | null = null;
  declare connecting: boolean;
  /** One for both, as few connections are ever asked about: memory counts. */
  #about: Wanted | Known;

  static {
    // On the prototype: it takes no memory before it is set.
    HandleStream.prototype.connecting = false;
  }

  constructor(options: SocketOptions) {
    super(streamOptions(options));
    const delay = Math.max(0, ~~((options.keepAliveInitialDelay ?? 0) / 1000));
    this.#about = wanted(Boolean(options.noDelay), Boolean(options.keepAlive), delay, false);
  }

  [applyOptions](handle: StreamHandle): void {
    if (this.#about instanceof Known) this.#about.sockname = this.#about.peername = undefined;
    const { noDelay, keepAlive, keepAliveDelay, unrefed } = HandleStream.#wanted(this);
    if (unrefed) handle.unref();
    if (noDelay) handle.setNoDelay(true);
    if (keepAlive) handle.setKeepAlive(true, keepAliveDelay);
  }

  [detach](): StreamHandle | null {
    const handle = this._handle;
    if (handle !== null) {
      HandleStream.#known(this).closedHandle = handle;
      this._handle = null;
    }
    if (this.#about instanceof Known) this.#about.sockname = undefined;
    return handle;
  }

  get bytesRead(): number {
    return HandleStream.#counting(this)?.bytesRead ?? 0;
  }

  get _bytesDispatched(): number {
    return HandleStream.#counting(this)?.bytesWritten ?? 0;
  }

  setNoDelay(enable?: boolean): this {
    const noDelay = enable === undefined ? true : Boolean(enable);
    const before = HandleStream.#wanted(this);
    if (this._handle !== null && noDelay !== before.noDelay) this._handle.setNoDelay?.(noDelay);
    HandleStream.#want(this, wanted(noDelay, before.keepAlive, before.keepAliveDelay, before.unrefed));
    return this;
  }

  setKeepAlive(enable?: boolean, initialDelay?: number): this {
    const keepAlive = Boolean(enable);
    const delay = Math.max(0, ~~((initialDelay ?? 0) / 1000));
    const before = HandleStream.#wanted(this);
    const changed = keepAlive !== before.keepAlive || (keepAlive && delay !== before.keepAliveDelay);
    if (this._handle !== null && changed) this._handle.setKeepAlive?.(keepAlive, delay);
    HandleStream.#want(this, wanted(before.noDelay, keepAlive, delay, before.unrefed));
    return this;
  }

  ref(): this {
    HandleStream.#want(this, wantedRef(HandleStream.#wanted(this), false));
    if (this._handle === null) this.once('connect', this.ref);
    else this._handle.ref();
    return this;
  }

  unref(): this {
    HandleStream.#want(this, wantedRef(HandleStream.#wanted(this), true));
    if (this._handle === null) this.once('connect', this.unref);
    else this._handle.unref();
    return this;
  }

  address(): Partial<net.AddressInfo> {
    return this._getsockname();
  }

  _getsockname(): Partial<net.AddressInfo> {
    if (this._handle === null || this.connecting) return NO_NAME;
    const known = HandleStream.#known(this);
    known.sockname ??= addressInfo(this._handle.sockname);
    return known.sockname;
  }

  _getpeername(): Partial<net.AddressInfo> {
    const known = this.#about instanceof Known ? this.#about.peername : undefined;
    if (known !== undefined || this._handle === null || this.connecting) return known ?? NO_NAME;
    const { peername } = this._handle;
    if (peername === undefined) return NO_NAME;
    const info = addressInfo(peername);
    HandleStream.#known(this).peername = info;
    return info;
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

  // Static: an object of a class with private methods has one property more.

  static #wanted(stream: HandleStream): Wanted {
    return stream.#about instanceof Known ? stream.#about.wanted : stream.#about;
  }

  static #want(stream: HandleStream, wanted: Wanted): void {
    if (stream.#about instanceof Known) stream.#about.wanted = wanted;
    else stream.#about = wanted;
  }

  static #known(stream: HandleStream): Known {
    if (stream.#about instanceof Known) return stream.#about;
    const known = new Known(stream.#about);
    stream.#about = known;
    return known;
  }

  /** The handle that says how much was received and sent. */
  static #counting(stream: HandleStream): StreamHandle | undefined {
    return stream._handle ?? (stream.#about instanceof Known ? stream.#about.closedHandle : undefined);
  }
}
