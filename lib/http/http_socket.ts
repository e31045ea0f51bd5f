import { netError } from '../net/errors.js';
import { received, touch, written } from '../net/socket_symbols.js';
import type { Piece } from '../net/stream_handle.js';
import { IdleTimer } from './idle_timer.js';
import { Socket } from './sockets.js';

type WriteCallback = (error?: Error | null) => void;
type Encoding = BufferEncoding | 'buffer';

/** Of setTimeout(): Node's timers hold no more. */
const LONGEST_TIMEOUT = 2 ** 31 - 1;
const ECONNRESET = -104;

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

/**
 * A connection that something of Node's own reads and writes: HTTP/1, TLS, HTTP/2. It does the same as any Socket, with less in between where that cannot be told
 * apart: what is received goes to a flowing 'data' listener at once, what is written in one go while nothing else is
 * on its way is handed to the loop in one piece, and a timeout that is begun anew with each request is only noted.
 */
export class HttpSocket extends Socket {
  readonly #idle = new IdleTimer(() => this._onTimeout());
  readonly #state = this as unknown as State;
  /** Written and not handed on yet: while corked there may be several. */
  #pieces: Piece[] = [];
  #callbacks: WriteCallback[] = [];
  /** Of all of these, and of those on their way: UTF-16 units or bytes, as a Writable counts. */
  #length = 0;
  /** Whether pieces of ours are on their way; what the Writable wants to write meanwhile waits. */
  #flying = false;
  #waiting: (() => void) | undefined = undefined;

  static {
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
      super[received](chunk);
      return;
    }
    this.#idle.touch();
    this.emit('data', chunk);
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
      const named = typeof encoding === 'string' ? (encoding as BufferEncoding) : 'utf8';
      this.#pieces.push({ chunk, encoding: named });
      this.#length += chunk.length;
    }
    if (typeof done === 'function') this.#callbacks.push(done as WriteCallback);
    if (this.#state._writableState.corked === 0) this.#handOn();
    return true;
  }

  override uncork(): void {
    // What the Writable has kept was written after ours.
    if (this.#state._writableState.corked <= 1) this.#handOn();
    super.uncork();
  }

  override _write(chunk: string | Uint8Array, encoding: Encoding, callback: WriteCallback): void {
    if (this.#flying) this.#waiting = () => super._write(chunk, encoding, callback);
    else super._write(chunk, encoding, callback);
  }

  override _writev(pieces: Piece[], callback: WriteCallback): void {
    if (this.#flying) this.#waiting = () => super._writev(pieces, callback);
    else super._writev(pieces, callback);
  }

  override _final(callback: WriteCallback): void {
    this.#handOn();
    if (this.#flying) this.#waiting = () => super._final(callback);
    else super._final(callback);
  }

  override [written](errno: number): void {
    if (!this.#flying) {
      super[written](errno);
      return;
    }
    this.#idle.touch();
    const error = errno < 0 ? netError(errno, 'write') : undefined;
    this.#landed(error);
    if (error !== undefined) this.destroy(error);
    // Who was told has perhaps written more.
    if (this.#flying) return;
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
    if (this.#flying || this._handle === null || this.connecting) return false;
    const { pendingcb, ending, destroyed, highWaterMark } = this.#state._writableState;
    if (pendingcb !== 0 || ending || destroyed) return false;
    if (typeof chunk === 'string') {
      const known = typeof encoding !== 'string' || encoding === 'latin1' || Buffer.isEncoding(encoding);
      return known && this.#length + chunk.length < highWaterMark;
    }
    return chunk instanceof Uint8Array && this.#length + chunk.length < highWaterMark;
  }

  #handOn(): void {
    const pieces = this.#pieces;
    const [first] = pieces;
    const handle = this._handle;
    if (this.#flying || handle === null) return;
    if (first === undefined) {
      if (this.#callbacks.length === 0) return;
      // Nothing was written, and that is done: but not before this call returns.
      this.#flying = true;
      process.nextTick(() => this[written](0));
      return;
    }
    this.#flying = true;
    this.#pieces = [];
    this.#idle.touch();
    const result = pieces.length === 1 ? handle.write(first.chunk, first.encoding) : handle.writev(pieces);
    if (result < 0) process.nextTick(() => this[written](result));
  }

  #landed(error: Error | undefined): void {
    const callbacks = this.#callbacks;
    this.#flying = false;
    this.#length = 0;
    if (callbacks.length === 0) return;
    this.#callbacks = [];
    for (const callback of callbacks) callback(error);
  }

  // ---- the timeout, and the end

  override setTimeout(milliseconds: number, callback?: () => void): this {
    if (callback !== undefined || !(milliseconds >= 0 && milliseconds <= LONGEST_TIMEOUT)) {
      // Checks the arguments, and throws or warns as it has to.
      super.setTimeout(milliseconds, callback);
      super.setTimeout(0);
    }
    if (this.destroyed) return this;
    this.timeout = milliseconds;
    this.#idle.start(Math.min(milliseconds, LONGEST_TIMEOUT));
    return this;
  }

  override [touch](): void {
    this.#idle.touch();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    this.#idle.stop();
    super._destroy(error, callback);
    this.#pieces = [];
    this.#waiting = undefined;
    this.#landed(error ?? netError(ECONNRESET, 'write'));
  }
}
