import { netError, socketClosed, socketClosedBeforeConnection } from './errors.js';
import { sent, takeCallback, touch, written } from './socket_symbols.js';
import type { Piece, StreamHandle } from './stream_handle.js';
import { TimedStream } from './timed_stream.js';

type WriteCallback = (error?: Error | null) => void;
/** Written before there was a connection. */
interface Waiting {
  readonly what: string | Uint8Array | readonly Piece[];
  readonly encoding: BufferEncoding | undefined;
}
type Encoding = BufferEncoding | 'buffer';

function byteLength(chunk: string | Uint8Array, encoding: BufferEncoding | undefined): number {
  return typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.length;
}

/** The writing half of a socket. What is written before there is a connection waits for it. */
export class WritingStream extends TimedStream {
  /** Of the write that is under way: a Writable has one at a time. What waits for a connection instead. */
  #write: WriteCallback | Waiting | undefined;

  override _write(chunk: string | Uint8Array, encoding: Encoding, callback: WriteCallback): void {
    if (this.connecting) {
      const waiting = { what: chunk, encoding: encoding === 'buffer' ? undefined : encoding };
      WritingStream.#wait(this, waiting, callback, () => this._write(chunk, encoding, callback));
      return;
    }
    const result = WritingStream.#begin(this, callback)?.write(
      chunk,
      encoding === 'buffer' ? 'utf8' : encoding,
    );
    if (result !== undefined && result < 0) this[written](result);
  }

  override _writev(pieces: Piece[], callback: WriteCallback): void {
    if (this.connecting) {
      const waiting = { what: pieces, encoding: undefined };
      WritingStream.#wait(this, waiting, callback, () => this._writev(pieces, callback));
      return;
    }
    const result = WritingStream.#begin(this, callback)?.writev(pieces);
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
    const callback = this[takeCallback]();
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
    const waiting = this.#write;
    let bytes = this._bytesDispatched;
    for (const piece of writableBuffer) bytes += byteLength(piece.chunk, piece.encoding);
    if (typeof waiting !== 'object') return bytes;
    const { what, encoding } = waiting;
    if (typeof what === 'string' || what instanceof Uint8Array) return bytes + byteLength(what, encoding);
    for (const piece of what) bytes += byteLength(piece.chunk, piece.encoding);
    return bytes;
  }

  get bufferSize(): number | undefined {
    return this._handle === null && !this.connecting ? undefined : this.writableLength;
  }

  [takeCallback](): WriteCallback | undefined {
    const callback = this.#write;
    if (typeof callback !== 'function') return undefined;
    this.#write = undefined;
    return callback;
  }

  static #begin(stream: WritingStream, callback: WriteCallback): StreamHandle | undefined {
    stream.#write = undefined;
    stream[touch]();
    if (stream._handle === null) {
      callback(socketClosed());
      return undefined;
    }
    stream.#write = callback;
    return stream._handle;
  }

  static #wait(stream: WritingStream, waiting: Waiting, callback: WriteCallback, write: () => void): void {
    stream.#write = waiting;
    const onClose = (): void => callback(socketClosedBeforeConnection());
    stream.once('connect', () => {
      stream.off('close', onClose);
      write();
    });
    stream.once('close', onClose);
  }
}
