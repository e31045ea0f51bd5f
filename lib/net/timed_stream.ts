import { invalidArgType } from '../abi/errors.js';
import { HandleStream } from './handle_stream.js';
import { checkTimeout } from './socket_options.js';
import { clearTimer, touch } from './socket_symbols.js';

/** One that tells when nothing has happened for a while. */
export class TimedStream extends HandleStream {
  /** Milliseconds; undefined if setTimeout was never called. */
  declare timeout: number | undefined;
  /** The socket below this one: what lives here lives there. */
  _parent: TimedStream | null = null;
  #timer: NodeJS.Timeout | undefined;
  #lastWriteQueueSize = 0;

  get writeQueueSize(): number {
    return this._handle?.writeQueueSize ?? 0;
  }

  setTimeout(milliseconds: number, callback?: () => void): this {
    if (this.destroyed) return this;
    this.timeout = milliseconds;
    const duration = checkTimeout(milliseconds);
    this[clearTimer]();
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
      this[touch]();
      return;
    }
    this.#lastWriteQueueSize = writeQueueSize;
    this.emit('timeout');
  }

  _unrefTimer(): void {
    this[touch]();
  }

  [touch](): void {
    if (this.#timer !== undefined) this.#timer.refresh();
    if (this._parent !== null) this._parent[touch]();
  }

  [clearTimer](): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
