import { addAbortSignal, Duplex } from 'node:stream';

import { adoptFd } from './adopt_fd.js';
import { connect as connectSocket } from './connect.js';
import { connectArguments } from './connect_arguments.js';
import { connectionReset, invalidHandleType, socketClosed } from './errors.js';
import { ReadingStream } from './reading_stream.js';
import { checkOptions, type SocketOptions } from './socket_options.js';
import {
  applyOptions,
  clearTimer,
  connectedOver,
  detach,
  open,
  readInto,
  takeCallback,
  touch,
} from './socket_symbols.js';
import { type DescriptorOwner, StreamHandle } from './stream_handle.js';
import type { TimedStream } from './timed_stream.js';
import { refuseWritesAfterEnd } from './write_after_end.js';

/** node:net's Socket on the kevent loop: a Duplex over a {@link StreamHandle}. See the documentation of node:net. */
export class Socket extends ReadingStream {
  declare server: unknown;
  declare _server: { _connections: number; _emitCloseIfDrained?(): void } | null;
  declare _host: string | null;
  declare _hadError: boolean;
  declare _closeAfterHandlingError: boolean;
  declare autoSelectFamilyAttemptedAddresses: string[] | undefined;
  declare resetAndClosing: boolean;

  static {
    // On the prototype: it takes no memory before it is set.
    Object.assign(Socket.prototype, {
      server: null,
      _server: null,
      _host: null,
      _hadError: false,
      _closeAfterHandlingError: false,
      resetAndClosing: false,
    });
  }

  constructor(given?: SocketOptions | number | null) {
    const options: SocketOptions = typeof given === 'number' ? { fd: given } : (given ?? {});
    checkOptions(options);
    super(options);
    const { signal, onread } = options;
    this.allowHalfOpen = Boolean(options.allowHalfOpen);
    if (onread != null) this[readInto](onread);
    this.on('end', refuseWritesAfterEnd);
    if (options.fd !== undefined) Socket.#adopt(this, options.fd, options);
    else if (options.handle) Socket.#take(this, options.handle);
    if (signal) addAbortSignal(signal, this);
  }

  [open](handle: StreamHandle, paused: boolean): void {
    this._handle = handle;
    handle.listener = this;
    this[applyOptions](handle);
    if (paused) (this as { readableFlowing: boolean | null }).readableFlowing = false;
    else this.read(0);
  }

  // ---- connecting

  connect(...args: unknown[]): this {
    const [options, callback] = connectArguments(args);
    this.write = Duplex.prototype.write;
    if (this.destroyed || this._handle === null) Socket.#revive(this);
    if (callback !== null) this.once('connect', callback);
    if (this._parent?.connecting) return this;
    this[touch]();
    this.connecting = true;
    this._handle ??= new StreamHandle();
    this._handle.listener = this;
    connectSocket(this, this._handle, options);
    return this;
  }

  [connectedOver](handle: StreamHandle): void {
    this.connecting = false;
    this[touch]();
    this[applyOptions](handle);
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

  // ---- the end

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (this.connecting) this.connecting = false;
    for (let socket: TimedStream | null = this; socket !== null; socket = socket._parent)
      socket[clearTimer]();
    const handle = this[detach]();
    if (handle === null) {
      callback(error);
      process.nextTick(() => this.emit('close'));
    } else {
      const closed = (): void => {
        this.emit('close', Boolean(error));
      };
      const sent = Socket.#sendWritten(this, handle);
      if (this.resetAndClosing) {
        this.resetAndClosing = false;
        handle.reset(closed);
      } else {
        handle.close(closed);
      }
      const waiting = this[takeCallback]();
      callback(error);
      // What is with the kernel was written, whatever becomes of it.
      if (sent && waiting !== undefined) process.nextTick(waiting, null);
      else waiting?.(error ?? connectionReset());
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
    if (this._handle === null) {
      this.destroy(socketClosed());
      return this;
    }
    // There is no RST between Unix sockets.
    if (this._handle.sockname?.family === 'unix') throw invalidHandleType();
    if (this.connecting) this.once('connect', () => Socket.#reset(this));
    else Socket.#reset(this);
    return this;
  }

  // ---- static: a class with private methods costs each of its objects one property

  static #adopt(socket: Socket, fd: number, options: SocketOptions): void {
    socket._handle = new StreamHandle(adoptFd(fd));
    socket._handle.listener = socket;
    if (options.pauseOnCreate) (socket as { readableFlowing: boolean | null }).readableFlowing = false;
    else if (options.readable !== false && !options.manualStart) socket.read(0);
    if (options.writable === false) socket.end();
    if (options.readable === false) socket.push(null);
  }

  /** A handle of Node's, whose descriptor we use in its place; or what just looks like one. */
  static #take(socket: Socket, handle: unknown): void {
    const { fd } = handle as { fd?: unknown };
    if (typeof fd !== 'number' || fd < 0) {
      socket._handle = handle as StreamHandle;
      return;
    }
    socket[open](
      handle instanceof StreamHandle ? handle : new StreamHandle(fd, handle as DescriptorOwner),
      false,
    );
  }

  /**
   * Node's own sockets would have sent it when it was written: so all goes to the kernel, as far as that takes it, but for
   * what was written corked. True if the write that is under way is with the kernel.
   */
  static #sendWritten(socket: Socket, handle: StreamHandle): boolean {
    if (!handle.finish()) return false;
    const { writableBuffer, writableCorked } = socket as unknown as {
      writableBuffer: readonly { chunk: string | Uint8Array; encoding: BufferEncoding | 'buffer' }[];
      writableCorked: number;
    };
    if (writableBuffer.length > 0 && writableCorked === 0) {
      handle.writev(
        writableBuffer.map(({ chunk, encoding }) => ({
          chunk,
          encoding: encoding === 'buffer' ? 'utf8' : encoding,
        })),
      );
      handle.finish();
    }
    return true;
  }

  static #reset(socket: Socket): void {
    socket.resetAndClosing = true;
    socket.destroy();
  }

  /** A socket that was ended or destroyed is to be connected. */
  static #revive(socket: Socket): void {
    socket[detach]();
    const { _undestroy: undestroy } = socket as unknown as { _undestroy?: () => void };
    undestroy?.call(socket);
  }
}
