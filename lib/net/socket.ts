import { Duplex } from 'node:stream';

import { closeOnAbort } from './abort.js';
import { adoptFd } from './adopt_fd.js';
import { connect as connectSocket } from './connect.js';
import { connectArguments } from './connect_arguments.js';
import { connectionReset, socketClosed } from './errors.js';
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
  server: unknown = null;
  _server: { _connections: number; _emitCloseIfDrained?(): void } | null = null;
  _host: string | null = null;
  _hadError = false;
  _closeAfterHandlingError = false;
  declare autoSelectFamilyAttemptedAddresses: string[] | undefined;
  resetAndClosing = false;

  constructor(given: SocketOptions | number = {}) {
    const options: SocketOptions = typeof given === 'number' ? { fd: given } : given;
    checkOptions(options);
    super(options);
    const { signal, onread } = options;
    this.allowHalfOpen = Boolean(options.allowHalfOpen);
    if (onread != null) this[readInto](onread);
    this.on('end', refuseWritesAfterEnd);
    if (options.fd !== undefined) this.#adopt(options.fd, options);
    else if (options.handle) this.#take(options.handle);
    if (signal !== undefined) closeOnAbort(this, signal);
  }

  [open](handle: StreamHandle, paused: boolean): void {
    this._handle = handle;
    handle.listener = this;
    this[applyOptions](handle);
    if (paused) (this as { readableFlowing: boolean | null }).readableFlowing = false;
    else this.read(0);
  }

  #adopt(fd: number, options: SocketOptions): void {
    this._handle = new StreamHandle(adoptFd(fd));
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
    this[open](
      handle instanceof StreamHandle ? handle : new StreamHandle(fd, handle as DescriptorOwner),
      false,
    );
  }

  // ---- connecting

  connect(...args: unknown[]): this {
    const [options, callback] = connectArguments(args);
    this.write = Duplex.prototype.write;
    if (this.destroyed) this.#revive();
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
    this.connecting = false;
    for (let socket: TimedStream | null = this; socket !== null; socket = socket._parent)
      socket[clearTimer]();
    const handle = this[detach]();
    if (handle === null) {
      callback(error);
      process.nextTick(() => this.emit('close', Boolean(error)));
    } else {
      const closed = (): void => {
        this.emit('close', Boolean(error));
      };
      if (this.resetAndClosing) {
        this.resetAndClosing = false;
        handle.reset(closed);
      } else {
        handle.close(closed);
      }
      const waiting = this[takeCallback]();
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
    this[detach]();
    const { _undestroy: undestroy } = this as unknown as { _undestroy?: () => void };
    undestroy?.call(this);
  }
}
