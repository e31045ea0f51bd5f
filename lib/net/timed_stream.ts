import { invalidArgType } from '../abi/errors.js';
import { HandleStream } from './handle_stream.js';
import { checkTimeout } from './socket_options.js';
import { clearTimer, timing, touch } from './socket_symbols.js';

/** Of one that has, or had, a timeout. */
interface Timing {
  timer: NodeJS.Timeout | undefined;
  lastWriteQueueSize: number;
}

/** One that tells when nothing has happened for a while. */
export class TimedStream extends HandleStream {
  /** Milliseconds; undefined if setTimeout was never called. */
  declare timeout: number | undefined;
  /** The socket below this one: what lives here lives there. */
  declare _parent: TimedStream | null;
  declare [timing]: Timing | undefined;

  static {
    // On the prototype: it takes no memory before it is set.
    Object.assign(TimedStream.prototype, { _parent: null, [timing]: undefined });
  }

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
    this[timing] ??= { timer: undefined, lastWriteQueueSize: 0 };
    this[timing].timer = setTimeout(() => this._onTimeout(), duration).unref();
    if (callback !== undefined) this.once('timeout', callback);
    return this;
  }

  _onTimeout(): void {
    const { writeQueueSize } = this;
    this[timing] ??= { timer: undefined, lastWriteQueueSize: 0 };
    const { lastWriteQueueSize } = this[timing];
    this[timing].lastWriteQueueSize = writeQueueSize;
    // If it is another, the peer takes its time, but it takes.
    if (lastWriteQueueSize > 0 && writeQueueSize !== lastWriteQueueSize) this[touch]();
    else this.emit('timeout');
  }

  _unrefTimer(): void {
    this[touch]();
  }

  [touch](): void {
    if (this[timing] !== undefined) this[timing].timer?.refresh();
    if (this._parent !== null) this._parent[touch]();
  }

  [clearTimer](): void {
    if (this[timing] === undefined) return;
    clearTimeout(this[timing].timer);
    this[timing].timer = undefined;
  }
}
