import { netError, socketClosed, socketClosedBeforeConnection } from './errors.js';
import { sent, takeCallback, touch, written } from './socket_symbols.js';
import type { Piece, StreamHandle } from './stream_handle.js';
import { TimedStream } from './timed_stream.js';

type WriteCallback = (error?: Error | null) => void;
type Encoding = BufferEncoding | 'buffer';

function byteLength(chunk: string | Uint8Array, encoding: BufferEncoding | undefined): number {
  return typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.length;
}

/** The writing half of a socket. What is written before there is a connection waits for it. */
export class WritingStream extends TimedStream {
  /** Of the write that is under way: a Writable has one at a time. */
  #callback: WriteCallback | undefined;
  #pending: string | Uint8Array | readonly Piece[] | undefined;
  #pendingEncoding: BufferEncoding | undefined;

  override _write(chunk: string | Uint8Array, encoding: Encoding, callback: WriteCallback): void {
    if (this.connecting) {
      this.#pendingEncoding = encoding === 'buffer' ? undefined : encoding;
      this.#writeWhenConnected(chunk, callback, () => this._write(chunk, encoding, callback));
      return;
    }
    const result = this.#writable(callback)?.write(chunk, encoding === 'buffer' ? 'utf8' : encoding);
    if (result !== undefined && result < 0) this[written](result);
  }

  override _writev(pieces: Piece[], callback: WriteCallback): void {
    if (this.connecting) {
      this.#writeWhenConnected(pieces, callback, () => this._writev(pieces, callback));
      return;
    }
    const result = this.#writable(callback)?.writev(pieces);
    if (result !== undefined && result < 0) this[written](result);
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

  [sent](_errno: number): boolean {
    return false;
  }

  [written](errno: number): void {
    const callback = this.#callback;
    this.#callback = undefined;
    this[touch]();
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

  #writable(callback: WriteCallback): StreamHandle | undefined {
    this.#pending = this.#pendingEncoding = undefined;
    this[touch]();
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

  [takeCallback](): WriteCallback | undefined {
    const callback = this.#callback;
    this.#callback = undefined;
    return callback;
  }
}
