// Not the global ones: these are getters, which are called for each message.
import { Buffer } from 'node:buffer';
import process from 'node:process';

import { netError } from '../net/errors.js';
import { loop } from '../net/loop.js';
import { received, sent, taken, touch, written } from '../net/socket_symbols.js';
import type { Piece } from '../net/stream_handle.js';
import { byteLength } from '../net/writing_stream.js';
import { isClosingIdle } from './idle_connections.js';
import { IdleTimer } from './idle_timer.js';
import { LONGEST_REQUEST, type ParsedSocket, RequestReader } from './request_reader.js';
import { Socket } from './sockets.js';
import { endUnread, resumeUnread } from './unread_request.js';

type WriteCallback = (error?: Error | null) => void;
type Encoding = BufferEncoding | 'buffer';

/** Of setTimeout(): Node's timers hold no more. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;
const ECONNRESET = -104;

/**
 * `sending`: handed on, and its tick has not come. `sent`: the same, but the kernel has it. `late`: its tick has come, and
 * the kernel has not taken it.
 */
type Flight = 'none' | 'sending' | 'sent' | 'late';

/** The parts of a stream's state that Node keeps, the same from Node 20 to 26, and that are not in its types. */
interface State {
  readonly _writableState: {
    readonly pendingcb: number;
    readonly corked: number;
    readonly ending: boolean;
    readonly destroyed: boolean;
    readonly length: number;
    readonly highWaterMark: number;
    needDrain: boolean;
  };
  readonly _readableState: {
    readonly flowing: boolean | null;
    readonly length: number;
    readonly decoder: unknown;
    readonly ended: boolean;
  };
}

function isTimeout(milliseconds: unknown): boolean {
  return typeof milliseconds === 'number' && milliseconds >= 0 && milliseconds <= LONGEST_TIMEOUT;
}

/** A function of its own for each write would be garbage soon. */
let tick: (socket: HttpSocket) => void;

/**
 * A connection that something of Node's own reads and writes: HTTP/1, TLS, HTTP/2. It does the same as any Socket, with less in between where that cannot be told
 * apart: what is received goes to a flowing 'data' listener at once, what is written in one go while nothing else is
 * on its way is handed to the loop in one piece, and a timeout that is begun anew with each request is only noted.
 */
export class HttpSocket extends Socket {
  /** The response that is being written, if http.Server has the connection. */
  declare readonly _httpMessage: unknown;
  readonly #idle = new IdleTimer(() => this._onTimeout());
  /** Of one that has a parser. */
  #reader: RequestReader | undefined = undefined;
  readonly #state = this as unknown as State;
  /** Written and not handed on yet: the first, and while corked there may be more. An array for one costs too much. */
  #chunk: string | Uint8Array | undefined = undefined;
  #encoding: BufferEncoding = 'utf8';
  #more: Piece[] | undefined = undefined;
  #callback: WriteCallback | undefined = undefined;
  #callbacks: WriteCallback[] | undefined = undefined;
  /** Of all of these, and of those on their way: UTF-16 units or bytes, as a Writable counts. */
  #length = 0;
  /** Of what is on its way; what the Writable wants to write meanwhile waits. */
  #flight: Flight = 'none';
  /** Of what was sent. */
  #errno = 0;
  #waiting: (() => void) | undefined = undefined;

  static {
    tick = (socket) => socket.#tick();
    Object.defineProperty(HttpSocket.prototype, 'writableLength', {
      configurable: true,
      get(this: HttpSocket): number {
        return this.#state._writableState.length + this.#length;
      },
    });
  }

  // ---- reading

  override [received](chunk: Buffer): void {
    const { flowing, length, decoder, ended } = this.#state._readableState;
    if (flowing !== true || length > 0 || decoder !== null || ended) {
      this.#reader?.forget();
      super[received](chunk);
      return;
    }
    this.#idle.touch();
    if (this.#reader === undefined && 'parser' in this)
      this.#reader = new RequestReader(this as unknown as ParsedSocket);
    if (this.#reader === undefined) this.emit('data', chunk);
    else this.#reader.read(chunk);
  }

  override [taken](place: number, length: number): boolean {
    const reader = this.#reader;
    const handle = this._handle;
    if (reader === undefined || handle === null || length > LONGEST_REQUEST || !reader.mayTake) return false;
    const { flowing, length: waiting, decoder, ended } = this.#state._readableState;
    if (flowing !== true || waiting > 0 || decoder !== null || ended) return false;
    const text = loop().receiver.text(place, length);
    if (!reader.matches(text)) return false;
    this.#idle.touch();
    handle.bytesRead += length;
    reader.tell();
    return true;
  }

  override push(chunk: unknown, encoding?: BufferEncoding): boolean {
    this.#reader?.forget();
    return super.push(chunk, encoding);
  }

  override unshift(chunk: unknown, encoding?: BufferEncoding): void {
    this.#reader?.forget();
    super.unshift(chunk, encoding);
  }

  // ---- writing

  override write(chunk: unknown, encoding?: unknown, callback?: unknown): boolean {
    if (!this.#takes(chunk, encoding)) {
      this.#handOn();
      const goOn: boolean = Reflect.apply(super.write, this, [chunk, encoding, callback]);
      return goOn && !this.#isFull();
    }
    const done = typeof encoding === 'function' ? encoding : callback;
    if (chunk.length > 0) {
      this.#keep(chunk, typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8');
      this.#length += chunk.length;
    }
    if (typeof done === 'function') {
      if (this.#callback === undefined) this.#callback = done as WriteCallback;
      else {
        this.#callbacks ??= [];
        this.#callbacks.push(done as WriteCallback);
      }
    }
    if (this.#state._writableState.corked === 0) this.#handOn();
    return true;
  }

  override get bytesWritten(): number | undefined {
    const bytes = super.bytesWritten;
    const chunk = this.#chunk;
    if (bytes === undefined || chunk === undefined) return bytes;
    let kept = byteLength(chunk, this.#encoding);
    for (const piece of this.#more ?? []) kept += byteLength(piece.chunk, piece.encoding);
    return bytes + kept;
  }

  override uncork(): void {
    // What the Writable has kept was written after ours.
    if (this.#state._writableState.corked <= 1) this.#handOn();
    super.uncork();
  }

  override _write(chunk: string | Uint8Array, encoding: Encoding, callback: WriteCallback): void {
    if (this.#flight !== 'none') this.#waiting = () => super._write(chunk, encoding, callback);
    else super._write(chunk, encoding, callback);
  }

  override _writev(pieces: Piece[], callback: WriteCallback): void {
    if (this.#flight !== 'none') this.#waiting = () => super._writev(pieces, callback);
    else super._writev(pieces, callback);
  }

  override _final(callback: WriteCallback): void {
    this.#handOn();
    if (this.#flight !== 'none') this.#waiting = () => super._final(callback);
    else super._final(callback);
  }

  /** In the turn of the loop: whoever wrote hears of it in the tick that began when he did, and in his async context. */
  override [sent](errno: number): boolean {
    if (this.#flight !== 'sending') return super[sent](errno);
    this.#flight = 'sent';
    this.#errno = errno;
    return true;
  }

  override [written](errno: number): void {
    if (this.#flight === 'none') super[written](errno);
    else this.#land(errno);
  }

  /**
   * Sends bytes of a file, which has to stay open until `done` is called, behind what was written. What is written later
   * waits. False: what was written is the Writable's, and nothing was done.
   */
  sendFile(fd: number, offset: number, length: number, done: WriteCallback): boolean {
    if (this._handle === null || this.#waiting !== undefined || this.#state._writableState.pendingcb !== 0)
      return false;
    this.#handOn();
    if (this.#flight === 'none') this.#startFile(fd, offset, length, done);
    else this.#waiting = () => this.#startFile(fd, offset, length, done);
    return true;
  }

  #startFile(fd: number, offset: number, length: number, done: WriteCallback): void {
    this.#flight = 'late';
    this.#callback = done;
    const result = this._handle?.sendFile(fd, offset, length) ?? ECONNRESET;
    if (result < 0) process.nextTick(() => this[written](result));
  }

  #keep(chunk: string | Uint8Array, encoding: BufferEncoding): void {
    if (this.#chunk === undefined) {
      this.#chunk = chunk;
      this.#encoding = encoding;
    } else {
      this.#more ??= [];
      this.#more.push({ chunk, encoding });
    }
  }

  #tick(): void {
    if (this.#flight === 'sent') this.#land(this.#errno);
    else if (this.#flight === 'sending') this.#flight = 'late';
  }

  #land(errno: number): void {
    this.#idle.touch();
    const error = errno < 0 ? netError(errno, 'write') : undefined;
    const unread = error === undefined ? endUnread(this._httpMessage) : undefined;
    this.#landed(error);
    if (unread !== undefined) resumeUnread(unread);
    if (error !== undefined) this.destroy(error);
    // Who was told has perhaps written more.
    if (this.#flight !== 'none') return;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }

  /**
   * The Writable does not count what was handed on before: a message that does is stuck unless 'drain' comes, which it
   * does once the Writable has nothing left.
   */
  #isFull(): boolean {
    const state = this.#state._writableState;
    if (state.length === 0 || this.writableLength < state.highWaterMark) return false;
    state.needDrain = true;
    return true;
  }

  /** Whether it is right, too short to wait for 'drain', and the only one: nothing is on its way, nor to come to an end. */
  #takes(chunk: unknown, encoding: unknown): chunk is string | Uint8Array {
    if (this.#flight !== 'none' || this._handle === null || this.connecting) return false;
    const { pendingcb, ending, destroyed, highWaterMark } = this.#state._writableState;
    if (pendingcb !== 0 || ending || destroyed) return false;
    if (typeof chunk === 'string') {
      const known = typeof encoding !== 'string' || encoding === 'latin1' || Buffer.isEncoding(encoding);
      return known && this.#length + chunk.length < highWaterMark;
    }
    return chunk instanceof Uint8Array && this.#length + chunk.length < highWaterMark;
  }

  #handOn(): void {
    const chunk = this.#chunk;
    const more = this.#more;
    const handle = this._handle;
    if (this.#flight !== 'none' || handle === null) return;
    if (chunk === undefined) {
      if (this.#callback === undefined) return;
      // Nothing was written, and that is done: but not before this call returns.
      this.#flight = 'sent';
      this.#errno = 0;
    } else {
      this.#flight = 'sending';
      this.#chunk = this.#more = undefined;
      this.#idle.touch();
      const encoding = this.#encoding;
      const result =
        more === undefined ? handle.write(chunk, encoding) : handle.writev([{ chunk, encoding }, ...more]);
      if (result < 0) this[sent](result);
    }
    process.nextTick(tick, this);
  }

  #landed(error: Error | undefined): void {
    const callback = this.#callback;
    const callbacks = this.#callbacks;
    this.#flight = 'none';
    this.#length = 0;
    if (callback === undefined) return;
    this.#callback = this.#callbacks = undefined;
    callback(error);
    if (callbacks === undefined) return;
    for (const other of callbacks) other(error);
  }

  // ---- the timeout, and the end

  override setTimeout(milliseconds: number, callback?: () => void): this {
    if (callback !== undefined || !isTimeout(milliseconds)) {
      // Checks the arguments, and throws or warns as it has to.
      super.setTimeout(milliseconds, callback);
      super.setTimeout(0);
    }
    if (this.destroyed) return this;
    this.timeout = milliseconds;
    this.#idle.start(Math.min(milliseconds, LONGEST_TIMEOUT));
    return this;
  }

  /** As any Socket does it: what Node's own would have sent by now goes to the kernel. Whether that has what was on its way. */
  #sendWaiting(): boolean {
    if (this.#flight !== 'sending' && this.#flight !== 'sent') return false;
    if (this._handle?.finish() !== true) return false;
    this.#flight = 'sent';
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
    return true;
  }

  override [touch](): void {
    this.#idle.touch();
  }

  override destroy(error?: Error): this {
    return this.#reader?.telling === true && isClosingIdle() ? this : super.destroy(error);
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#idle.stop();
    this.#reader?.forget();
    const isSent = this.#sendWaiting();
    super._destroy(error, callback);
    this.#chunk = this.#more = this.#waiting = undefined;
    // Who wrote what is sent is told in his tick.
    if (!isSent) this.#landed(error ?? netError(ECONNRESET, 'write'));
  }
}
