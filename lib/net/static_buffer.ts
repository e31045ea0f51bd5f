import type { OnRead } from './socket_options.js';
import { failed } from './socket_symbols.js';

/** Who reads into a buffer of the user's. */
interface Reading {
  readonly destroyed: boolean;
  readonly _handle: { readonly reading: boolean; readStop(): void } | null;
  /** There is no buffer to read into. */
  [failed](errno: number): void;
}

const ENOBUFS = -105;

/** What `onread` asks for: received bytes go into the user's buffer, piece by piece, and past the stream. */
export class StaticBuffer {
  readonly #onRead: OnRead;
  readonly #socket: Reading;
  #buffer: Uint8Array | undefined;
  /** Received, and not wanted yet. */
  #unread: Buffer | undefined;
  #isAtEnd = false;

  /** Undefined if `onRead` is not what it should be, which node:net does not mind. */
  static of(onRead: unknown, socket: Reading): StaticBuffer | undefined {
    if (typeof onRead !== 'object' || onRead === null) return undefined;
    const { buffer, callback } = onRead as Partial<OnRead>;
    const isBuffer = typeof buffer === 'function' || buffer instanceof Uint8Array;
    return isBuffer && typeof callback === 'function'
      ? new StaticBuffer(onRead as OnRead, socket)
      : undefined;
  }

  private constructor(onRead: OnRead, socket: Reading) {
    const { buffer } = onRead;
    this.#onRead = onRead;
    this.#socket = socket;
    this.#buffer = typeof buffer === 'function' ? buffer() : buffer;
  }

  /** Whether there is something to be read before more is received. */
  get hasUnread(): boolean {
    return this.#unread !== undefined;
  }

  read(chunk: Buffer): void {
    const socket = this.#socket;
    const onRead = this.#onRead;
    if (!socket._handle?.reading) {
      this.#unread = this.#unread === undefined ? chunk : Buffer.concat([this.#unread, chunk]);
      return;
    }
    for (let from = 0; from < chunk.length; ) {
      const buffer = this.#buffer;
      if (buffer === undefined || buffer.length === 0) {
        socket[failed](ENOBUFS);
        return;
      }
      const piece = chunk.subarray(from, from + buffer.length);
      buffer.set(piece);
      from += piece.length;
      const goOn = Reflect.apply(onRead.callback, socket, [piece.length, buffer]);
      if (typeof onRead.buffer === 'function') this.#buffer = onRead.buffer();
      if (goOn === false) socket._handle?.readStop();
      if (socket.destroyed || socket._handle?.reading) continue;
      if (from < chunk.length) this.#unread = chunk.subarray(from);
      return;
    }
  }

  /** True if the end has to wait until all is read. */
  putOffEnd(): boolean {
    this.#isAtEnd = this.hasUnread;
    return this.#isAtEnd;
  }

  /** Goes on where reading was stopped. @returns what comes next */
  resume(): 'wait' | 'end' | 'receive' {
    const chunk = this.#unread;
    const socket = this.#socket;
    if (chunk === undefined || !socket._handle?.reading) return 'wait';
    this.#unread = undefined;
    this.read(chunk);
    if (this.hasUnread || socket.destroyed) return 'wait';
    if (this.#isAtEnd) return 'end';
    return socket._handle?.reading ? 'receive' : 'wait';
  }
}
