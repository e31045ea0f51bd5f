import { channel } from 'node:diagnostics_channel';
import type * as net from 'node:net';
import { Duplex } from 'node:stream';

import { binding, type SocketName } from '../abi/binding.js';
import { invalidArgType, outOfRange } from '../abi/errors.js';
import { type ConnectOptions, connect as connectSocket } from './connect.js';
import { connectArguments } from './connect_arguments.js';
import {
  connectionReset,
  invalidFdType,
  netError,
  socketClosed,
  socketClosedBeforeConnection,
} from './errors.js';
import { checkOptions, checkTimeout, type SocketOptions, streamOptions } from './socket_options.js';
import { StaticBuffer } from './static_buffer.js';
import { type DescriptorOwner, type Piece, StreamHandle, type StreamListener } from './stream_handle.js';

type WriteCallback = (error?: Error | null) => void;
type Encoding = BufferEncoding | 'buffer';

const clientSockets = channel('net.client.socket');

/** What `address()` and its like say when there is nothing to say. */
const NO_NAME: Partial<net.AddressInfo> = {};

function addressInfo(name: SocketName | undefined): Partial<net.AddressInfo> {
  if (name === undefined || name.family === 'unix' || name.family === 'unknown') return NO_NAME;
  return { address: name.address, family: name.family, port: name.port };
}

function byteLength(chunk: string | Uint8Array, encoding: BufferEncoding | undefined): number {
  return typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.length;
}

/** The parts of a stream's state that Node keeps, the same from Node 20 to 26, and that are not in its types. */
interface ReadableState {
  readonly flowing: boolean | null;
  readonly length: number;
  readonly ended: boolean;
  readonly decoder: unknown;
  /** Who has to drain before a pipe goes on. */
  readonly awaitDrainWriters: unknown;
  dataEmitted: boolean;
}

/** node:net's Socket on the kevent loop: a Duplex over a {@link StreamHandle}. See the documentation of node:net. */
export class Socket extends Duplex implements StreamListener {
  _handle: StreamHandle | null = null;
  connecting = false;
  server: unknown = null;
  _server: { _connections: number; _emitCloseIfDrained?(): void } | null = null;
  _host: string | null = null;
  _hadError = false;
  _parent: Socket | null = null;
  _closeAfterHandlingError = false;
  declare autoSelectFamilyAttemptedAddresses: string[] | undefined;
  /** Milliseconds; undefined if setTimeout was never called. */
  declare timeout: number | undefined;
  resetAndClosing = false;

  declare readonly _readableState: ReadableState;
  #timer: NodeJS.Timeout | undefined;
  #lastWriteQueueSize = 0;
  #callback: WriteCallback | undefined;
  #pending: string | Uint8Array | readonly Piece[] | undefined;
  #pendingEncoding: BufferEncoding | undefined;
  /** Where `onread` wants it. */
  #staticBuffer: StaticBuffer | undefined;
  #noDelay: boolean | undefined;
  #keepAlive: boolean | undefined;
  /** Seconds. */
  #keepAliveDelay = 0;
  /** The handle that was closed: it has counted. */
  #closedHandle: StreamHandle | undefined;
  #sockname: Partial<net.AddressInfo> | undefined;
  #peername: Partial<net.AddressInfo> | undefined;
  #unrefed = false;

  constructor(given: SocketOptions | number = {}) {
    const options: SocketOptions = typeof given === 'number' ? { fd: given } : given;
    checkOptions(options);
    super(streamOptions(options));
    const { signal, onread } = options;
    this.allowHalfOpen = Boolean(options.allowHalfOpen);
    this.#noDelay = options.noDelay ? true : undefined;
    this.#keepAlive = options.keepAlive ? true : undefined;
    this.#keepAliveDelay = Math.max(0, ~~((options.keepAliveInitialDelay ?? 0) / 1000));
    if (onread != null) this.#staticBuffer = StaticBuffer.of(onread, this);
    this.on('end', onEnd);
    if (options.fd !== undefined) this.#adopt(options);
    else if (options.handle) this.#take(options.handle);
    if (signal !== undefined) this.#closeOnAbort(signal);
  }

  /** Takes a connection. @internal */
  open(handle: StreamHandle, paused: boolean): void {
    this._handle = handle;
    handle.listener = this;
    if (this.#noDelay === true) this._handle.setNoDelay(true);
    if (this.#keepAlive === true) this._handle.setKeepAlive(true, this.#keepAliveDelay);
    if (paused) (this as { readableFlowing: boolean | null }).readableFlowing = false;
    else this.read(0);
  }

  #adopt(options: SocketOptions): void {
    const { fd } = options;
    if (typeof fd !== 'number') throw invalidArgType('fd', 'of type number', fd);
    if (!Number.isInteger(fd) || fd < 0 || fd > 0x7fffffff)
      throw outOfRange('fd', '>= 0 && <= 2147483647', fd);
    const kind = binding().fdKind(fd);
    if (typeof kind === 'number') throw netError(kind, 'open');
    const isStream = kind.kind === 'pipe' || kind.kind === 'tty' || kind.stream;
    if (!isStream) throw invalidFdType(kind.kind === 'file' ? 'FILE' : kind.kind.toUpperCase());
    const result = binding().setNonblocking(fd);
    if (result < 0) throw netError(result, 'open');
    binding().adoptFd(fd);
    this._handle = new StreamHandle(fd);
    this._handle.listener = this;
    if (options.pauseOnCreate) (this as { readableFlowing: boolean | null }).readableFlowing = false;
    else if (options.readable !== false && !options.manualStart) this.read(0);
    if (options.writable === false) this.end();
    if (options.readable === false) this.push(null);
  }

  /** A handle of Node's, whose descriptor we use in its place; or what just looks like one. */
  #take(handle: unknown): void {
    const { fd } = handle as { fd?: unknown };
    if (typeof fd !== 'number' || fd < 0) {
      this._handle = handle as StreamHandle;
      return;
    }
    this.open(
      handle instanceof StreamHandle ? handle : new StreamHandle(fd, handle as DescriptorOwner),
      false,
    );
  }

  #closeOnAbort(signal: AbortSignal): void {
    const abort = (): void => {
      this.destroy(
        Object.assign(new Error('The operation was aborted'), {
          name: 'AbortError',
          code: 'ABORT_ERR',
          cause: signal.reason,
        }),
      );
    };
    if (signal.aborted) {
      process.nextTick(abort);
      return;
    }
    signal.addEventListener('abort', abort, { once: true });
    this.once('close', () => signal.removeEventListener('abort', abort));
  }

  // ---- connecting

  connect(...args: unknown[]): this {
    const [options, callback] = connectArguments(args);
    this.write = Duplex.prototype.write;
    if (this.destroyed) this.#revive();
    if (callback !== null) this.once('connect', callback);
    if (this._parent?.connecting) return this;
    this.touch();
    this.connecting = true;
    this._handle ??= new StreamHandle();
    this._handle.listener = this;
    connectSocket(this, this._handle, options);
    return this;
  }

  /** @internal */
  connectedOver(handle: StreamHandle): void {
    this.connecting = false;
    this.#sockname = this.#peername = undefined;
    if (this.#unrefed) handle.unref();
    this.touch();
    if (this.#noDelay === true) handle.setNoDelay(true);
    if (this.#keepAlive === true) handle.setKeepAlive(true, this.#keepAliveDelay);
    this.emit('connect');
    this.emit('ready');
    // The first read, or an end that has come already.
    if (!this.isPaused() && !this.destroyed) this.read(0);
  }

  get pending(): boolean {
    return this._handle === null || this.connecting;
  }

  get _connecting(): boolean {
    return this.connecting;
  }

  get readyState(): 'opening' | 'open' | 'readOnly' | 'writeOnly' | 'closed' {
    if (this.connecting) return 'opening';
    if (this.readable) return this.writable ? 'open' : 'readOnly';
    return this.writable ? 'writeOnly' : 'closed';
  }

  // ---- reading

  override _read(size: number): void {
    if (this.connecting || this._handle === null) {
      this.once('connect', () => this._read(size));
    } else if (!this._handle.reading) {
      this.#readStart(this._handle);
    }
  }

  override read(size?: number): unknown {
    if (
      this.#staticBuffer !== undefined &&
      !this.connecting &&
      this._handle !== null &&
      !this._handle.reading
    ) {
      this.#readStart(this._handle);
    }
    return super.read(size);
  }

  override pause(): this {
    if (this.#staticBuffer !== undefined && !this.connecting) this._handle?.readStop();
    return super.pause();
  }

  override resume(): this {
    if (
      this.#staticBuffer !== undefined &&
      !this.connecting &&
      this._handle !== null &&
      !this._handle.reading
    ) {
      this.#readStart(this._handle);
    }
    return super.resume();
  }

  /** @internal */
  received(chunk: Buffer): void {
    this.touch();
    const state = this._readableState;
    if (
      state.flowing === true &&
      state.length === 0 &&
      !state.ended &&
      state.decoder === null &&
      state.awaitDrainWriters === null &&
      this.#staticBuffer === undefined &&
      this.listenerCount('data') > 0
    ) {
      // What push() would do here, but for the tick in which it asks for more: more comes by itself.
      state.dataEmitted = true;
      this.emit('data', chunk);
    } else if (this.#staticBuffer !== undefined) {
      this.#staticBuffer.read(chunk);
    } else if (!this.push(chunk)) {
      this._handle?.readStop();
    }
  }

  /** @internal */
  ended(): void {
    if (this.destroyed || this.#staticBuffer?.putOffEnd()) return;
    this.push(null);
    this.read(0);
  }

  /** @internal */
  failed(errno: number): void {
    this.destroy(netError(errno, 'read'));
  }

  get bytesRead(): number {
    return (this._handle ?? this.#closedHandle)?.bytesRead ?? 0;
  }

  /** @internal */
  get isReading(): boolean {
    return this._handle?.reading ?? false;
  }

  /** @internal */
  stopReading(): void {
    this._handle?.readStop();
  }

  #readStart(handle: StreamHandle): void {
    if (this.#staticBuffer?.hasUnread) {
      handle.reading = true;
      process.nextTick(() => this.#readUnread());
      return;
    }
    const result = handle.readStart();
    if (result < 0) this.destroy(netError(result, 'read'));
  }

  #readUnread(): void {
    const next = this.#staticBuffer?.resume();
    if (next === 'end') this.ended();
    else if (next === 'receive' && this._handle !== null) this.#readStart(this._handle);
  }

  // ---- writing

  override _write(chunk: string | Uint8Array, encoding: Encoding, callback: WriteCallback): void {
    if (this.connecting) {
      this.#pendingEncoding = encoding === 'buffer' ? undefined : encoding;
      this.#writeWhenConnected(chunk, callback, () => this._write(chunk, encoding, callback));
      return;
    }
    const result = this.#writable(callback)?.write(chunk, encoding === 'buffer' ? 'utf8' : encoding);
    if (result !== undefined && result < 0) this.written(result);
  }

  override _writev(pieces: Piece[], callback: WriteCallback): void {
    if (this.connecting) {
      this.#writeWhenConnected(pieces, callback, () => this._writev(pieces, callback));
      return;
    }
    const result = this.#writable(callback)?.writev(pieces);
    if (result !== undefined && result < 0) this.written(result);
  }

  override _final(callback: WriteCallback): void {
    if (this.connecting) {
      this.once('connect', () => this._final(callback));
      return;
    }
    if (this._handle === null) {
      callback();
      return;
    }
    const result = this._handle.shutdown();
    callback(result < 0 ? netError(result, 'shutdown') : null);
  }

  /** @internal */
  written(errno: number): void {
    const callback = this.#callback;
    this.#callback = undefined;
    this.touch();
    if (errno < 0) {
      const error = netError(errno, 'write');
      this.destroy(error);
      callback?.(error);
    } else {
      callback?.();
    }
  }

  get bytesWritten(): number | undefined {
    const { writableBuffer } = this as unknown as { writableBuffer?: readonly Piece[] };
    if (writableBuffer === undefined) return undefined;
    const pending = this.#pending;
    let bytes = this._bytesDispatched;
    for (const piece of writableBuffer) bytes += byteLength(piece.chunk, piece.encoding);
    if (typeof pending === 'string' || pending instanceof Uint8Array) {
      bytes += byteLength(pending, this.#pendingEncoding);
    } else if (pending !== undefined) {
      for (const piece of pending) bytes += byteLength(piece.chunk, piece.encoding);
    }
    return bytes;
  }

  get bufferSize(): number | undefined {
    return this._handle === null && !this.connecting ? undefined : this.writableLength;
  }

  get writeQueueSize(): number {
    return this._handle?.writeQueueSize ?? 0;
  }

  get _bytesDispatched(): number {
    return (this._handle ?? this.#closedHandle)?.bytesWritten ?? 0;
  }

  #writable(callback: WriteCallback): StreamHandle | undefined {
    this.#pending = this.#pendingEncoding = undefined;
    this.touch();
    if (this._handle === null) {
      callback(socketClosed());
      return undefined;
    }
    this.#callback = callback;
    return this._handle;
  }

  #writeWhenConnected(
    what: string | Uint8Array | readonly Piece[],
    callback: WriteCallback,
    write: () => void,
  ): void {
    this.#pending = what;
    const onClose = (): void => callback(socketClosedBeforeConnection());
    this.once('connect', () => {
      this.off('close', onClose);
      write();
    });
    this.once('close', onClose);
  }

  // ---- the end

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.connecting = false;
    for (let socket: Socket | null = this; socket !== null; socket = socket._parent) socket.#clearTimer();
    const handle = this._handle;
    if (handle === null) {
      callback(error);
      process.nextTick(() => this.emit('close', Boolean(error)));
    } else {
      this.#closedHandle = handle;
      const closed = (): void => {
        this.emit('close', Boolean(error));
      };
      if (this.resetAndClosing) {
        this.resetAndClosing = false;
        handle.reset(closed);
      } else {
        handle.close(closed);
      }
      this._handle = null;
      this.#sockname = undefined;
      const waiting = this.#callback;
      this.#callback = undefined;
      callback(error);
      waiting?.(error ?? connectionReset());
    }
    if (this._server !== null) {
      this._server._connections -= 1;
      this._server._emitCloseIfDrained?.();
    }
  }

  destroySoon(): void {
    if (this.writable) this.end();
    if (this.writableFinished) this.destroy();
    else this.once('finish', () => this.destroy());
  }

  resetAndDestroy(): this {
    if (this.connecting) {
      this.once('connect', () => this.#reset());
    } else if (this._handle === null) {
      this.destroy(socketClosed());
    } else {
      this.#reset();
    }
    return this;
  }

  #reset(): void {
    this.resetAndClosing = true;
    this.destroy();
  }

  /** A socket that was destroyed is connected again. */
  #revive(): void {
    this._handle = null;
    this.#sockname = this.#peername = undefined;
    const { _undestroy: undestroy } = this as unknown as { _undestroy?: () => void };
    undestroy?.call(this);
  }

  // ---- options

  setTimeout(milliseconds: number, callback?: () => void): this {
    if (this.destroyed) return this;
    this.timeout = milliseconds;
    const duration = checkTimeout(milliseconds);
    this.#clearTimer();
    if (callback !== undefined && typeof callback !== 'function') {
      throw invalidArgType('callback', 'of type function', callback);
    }
    if (duration === 0) {
      if (callback !== undefined) this.removeListener('timeout', callback);
      return this;
    }
    this.#timer = setTimeout(() => this._onTimeout(), duration);
    this.#timer.unref();
    if (callback !== undefined) this.once('timeout', callback);
    return this;
  }

  _onTimeout(): void {
    const { writeQueueSize } = this;
    if (this.#lastWriteQueueSize > 0 && writeQueueSize !== this.#lastWriteQueueSize) {
      // The peer takes its time, but it takes.
      this.#lastWriteQueueSize = writeQueueSize;
      this.touch();
      return;
    }
    this.#lastWriteQueueSize = writeQueueSize;
    this.emit('timeout');
  }

  _unrefTimer(): void {
    this.touch();
  }

  /** There is life: the timeout begins anew. @internal */
  touch(): void {
    if (this.#timer !== undefined) this.#timer.refresh();
    if (this._parent !== null) this._parent.touch();
  }

  #clearTimer(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
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

  // ---- names

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

/** The peer has ended its half: ours ends as well, and what is written from then on cannot arrive. */
function onEnd(this: Socket): void {
  if (!this.allowHalfOpen) this.write = writeAfterEnd;
}

function writeAfterEnd(this: Socket, ...args: unknown[]): boolean {
  if (!this.writableEnded) return Reflect.apply(Duplex.prototype.write, this, args);
  const callback = args.find((argument) => typeof argument === 'function');
  const error = Object.assign(new Error('This socket has been ended by the other party'), {
    code: 'EPIPE',
  });
  if (typeof callback === 'function') process.nextTick(() => callback(error));
  this.destroy(error);
  return false;
}

/** A new socket that connects. */
export function createConnection(...args: unknown[]): Socket {
  const [options, callback] = connectArguments(args);
  const socket = new Socket(options as SocketOptions & ConnectOptions);
  if (clientSockets.hasSubscribers) clientSockets.publish({ socket });
  if (options.timeout !== undefined) socket.setTimeout(options.timeout);
  // In one array, as Node does it: some replace connect().
  return socket.connect([options, callback]);
}
