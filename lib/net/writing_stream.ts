import { AsyncResource } from 'node:async_hooks';
// Not the global one: that is a getter, which is called for each message.
import process from 'node:process';

import { afterPromises } from './after_promises.js';
import { netError, socketClosed, socketClosedBeforeConnection } from './errors.js';
import { sent, takeCallback, touch, written } from './socket_symbols.js';
import type { Piece, StreamHandle } from './stream_handle.js';
import { TimedStream } from './timed_stream.js';

const ENOTCONN = -107;

type WriteCallback = (error?: Error | null) => void;
/** Written before there was a connection. */
interface Waiting {
  readonly what: string | Uint8Array | readonly Piece[];
  readonly encoding: BufferEncoding | undefined;
}
type Encoding = BufferEncoding | 'buffer';

/** A function of its own for each write would be garbage soon. */
let tick: (stream: WritingStream) => void;

export function byteLength(chunk: string | Uint8Array, encoding: BufferEncoding | undefined): number {
  return typeof chunk === 'string' ? Buffer.byteLength(chunk, encoding) : chunk.length;
}

/** The writing half of a socket. What is written before there is a connection waits for it. */
export class WritingStream extends TimedStream {
  /** Of the write that is under way: a Writable has one at a time. What waits for a connection instead. */
  #write: WriteCallback | Waiting | undefined;
  /** Of that: its tick has not come; nor has it, but the result is there; its tick has come, and this is its context. */
  #flight: 'sending' | number | AsyncResource | undefined;

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
    WritingStream.#handedOn(this, result);
  }

  override _writev(pieces: Piece[], callback: WriteCallback): void {
    if (this.connecting) {
      const waiting = { what: pieces, encoding: undefined };
      WritingStream.#wait(this, waiting, callback, () => this._writev(pieces, callback));
      return;
    }
    WritingStream.#handedOn(this, WritingStream.#begin(this, callback)?.writev(pieces));
  }

  override _final(callback: WriteCallback): void {
    if (this._handle === null || this.connecting) {
      this.once('connect', () => this._final(callback));
      return;
    }
    const result = this._handle.shutdown();
    if (result === 0) afterPromises(callback);
    else callback(result === ENOTCONN ? null : netError(result, 'shutdown'));
  }

  /** In the turn of the loop: whoever wrote hears of it in the tick that began when he did, and in his async context. */
  [sent](errno: number): boolean {
    if (this.#flight !== 'sending') return false;
    this.#flight = errno;
    return true;
  }

  [written](errno: number): void {
    const flight = this.#flight;
    this.#flight = undefined;
    if (flight instanceof AsyncResource) flight.runInAsyncScope(WritingStream.#tell, undefined, this, errno);
    else WritingStream.#tell(this, errno);
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

  static #tell(stream: WritingStream, errno: number): void {
    const callback = stream[takeCallback]();
    stream[touch]();
    if (errno < 0) {
      const error = netError(errno, 'write');
      if (callback === undefined) stream.destroy(error);
      else callback(error);
    } else {
      callback?.();
    }
  }

  static #handedOn(stream: WritingStream, result: number | undefined): void {
    if (result === undefined) return;
    if (result < 0) {
      WritingStream.#tell(stream, result);
      return;
    }
    // What is large was sent at once, and is done.
    if (typeof stream.#write !== 'function') return;
    stream.#flight = 'sending';
    process.nextTick(tick, stream);
  }

  static #tick(stream: WritingStream): void {
    const flight = stream.#flight;
    if (typeof flight === 'number') stream[written](flight);
    // The kernel has not taken it yet: who wrote hears of it in his async context all the same.
    else if (flight === 'sending')
      stream.#flight = new AsyncResource('WRITEWRAP', { requireManualDestroy: true });
  }

  static {
    tick = (stream) => WritingStream.#tick(stream);
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
