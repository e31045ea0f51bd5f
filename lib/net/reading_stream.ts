import { netError } from './errors.js';
import { ended, failed, readInto, received, staticBuffer, taken, touch } from './socket_symbols.js';
import { StaticBuffer } from './static_buffer.js';
import type { StreamHandle, StreamListener } from './stream_handle.js';
import { WritingStream } from './writing_stream.js';

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

/** The reading half of a socket. */
export class ReadingStream extends WritingStream implements StreamListener {
  declare [staticBuffer]: StaticBuffer | undefined;

  static {
    // On the prototype: it takes no memory before it is set.
    ReadingStream.prototype[staticBuffer] = undefined;
  }

  [readInto](onread: unknown): void {
    this[staticBuffer] = StaticBuffer.of(onread, this);
  }

  override _read(size: number): void {
    if (this.connecting || this._handle === null) {
      this.once('connect', () => this._read(size));
    } else if (!this._handle.reading) {
      ReadingStream.#readStart(this, this._handle);
    }
  }

  override read(size?: number): unknown {
    ReadingStream.#readOn(this);
    return super.read(size);
  }

  override pause(): this {
    if (this[staticBuffer] !== undefined && !this.connecting) this._handle?.readStop();
    return super.pause();
  }

  override resume(): this {
    ReadingStream.#readOn(this);
    return super.resume();
  }

  [received](chunk: Buffer): void {
    this[touch]();
    const state = this._readableState as unknown as ReadableState;
    if (
      state.flowing === true &&
      state.length === 0 &&
      !state.ended &&
      state.decoder === null &&
      state.awaitDrainWriters === null &&
      this[staticBuffer] === undefined &&
      this.listenerCount('data') > 0
    ) {
      // What push() would do here, but for the tick in which it asks for more: more comes by itself.
      state.dataEmitted = true;
      this.emit('data', chunk);
    } else if (this[staticBuffer] !== undefined) {
      this[staticBuffer].read(chunk);
    } else if (!this.push(chunk)) {
      this._handle?.readStop();
    }
  }

  [taken](_place: number, _length: number): boolean {
    return false;
  }

  [ended](): void {
    if (this.destroyed || this[staticBuffer]?.putOffEnd()) return;
    this.push(null);
    this.read(0);
  }

  [failed](errno: number): void {
    this.destroy(netError(errno, 'read'));
  }

  /** With `onread` nothing is pushed, and so nobody calls _read(). */
  static #readOn(stream: ReadingStream): void {
    if (stream[staticBuffer] === undefined) return;
    const handle = stream._handle;
    if (!stream.connecting && handle !== null && !handle.reading) ReadingStream.#readStart(stream, handle);
  }

  static #readStart(stream: ReadingStream, handle: StreamHandle): void {
    if (stream[staticBuffer]?.hasUnread) {
      handle.reading = true;
      process.nextTick(() => ReadingStream.#readUnread(stream));
      return;
    }
    const result = handle.readStart();
    if (result < 0) stream.destroy(netError(result, 'read'));
  }

  static #readUnread(stream: ReadingStream): void {
    const next = stream[staticBuffer]?.resume();
    if (next === 'end') stream[ended]();
    else if (next === 'receive' && stream._handle !== null) ReadingStream.#readStart(stream, stream._handle);
  }
}
