import { Duplex, type DuplexOptions } from 'node:stream';

import { rest } from './socket_symbols.js';
import type { Rest, StateLitter } from './state_litter.js';
import { StreamContent, type StreamState } from './stream_content.js';

/** Makes an object of whatever class is new, and nothing else: private fields are there before Duplex sees it. */
const Bare = function Bare() {} as unknown as typeof Duplex;
Object.defineProperty(Bare, 'prototype', { value: Duplex.prototype });
Object.setPrototypeOf(Bare, Duplex);

/**
 * A Duplex that can do without its two states, which are most of its memory, while nothing goes on: they are made again,
 * by Node's own constructors and of what they said, when somebody looks at them.
 */
export class RestingDuplex extends Bare {
  // Not `#`: these are read more often than anything else of a socket, by one function for objects of many shapes. For a
  // name, V8 goes by the shape that the function's caller has seen; a `#` it then looks up in a table, each time.
  /** What the states say; undefined while it is awake, and they are there. */
  private _restingContent: StreamContent | undefined | null = null;
  /** While it rests, what leads to the state if somebody has kept it, for he has to find it here again; and its place there. */
  private _awakeReadable: StreamState | WeakRef<StateLitter> | undefined = undefined;
  private _awakeWritable: StreamState | number | undefined = 0;

  constructor(options: DuplexOptions) {
    super();
    // Changed for every object, and so no constant to V8: or the first socket that rests would cost all streams their code.
    this._restingContent = undefined;
    Reflect.apply(Duplex, this, [options]);
  }

  // Whoever asks a prototype, as `Socket.prototype.bytesWritten` does, is told that there is none.

  get _readableState(): StreamState {
    if (this._restingContent != null) RestingDuplex.#wake(this, this._restingContent);
    return this._awakeReadable as StreamState;
  }

  set _readableState(state: StreamState) {
    if (this._restingContent != null) RestingDuplex.#wake(this, this._restingContent);
    this._awakeReadable = state;
  }

  get _writableState(): StreamState {
    if (this._restingContent != null) RestingDuplex.#wake(this, this._restingContent);
    return this._awakeWritable as StreamState;
  }

  set _writableState(state: StreamState) {
    if (this._restingContent != null) RestingDuplex.#wake(this, this._restingContent);
    this._awakeWritable = state;
  }

  /**
   * Called after a garbage collection. The states are left to the next one; if they are gone by the time of the next call,
   * nobody else had them. What is on its way holds a state and is about to change it: then it stays awake.
   */
  [rest](all: Rest): void {
    if (this._restingContent == null) {
      RestingDuplex.#fallAsleep(this, all);
    } else if (this._awakeReadable !== undefined) {
      if (RestingDuplex.#litter(this) === undefined) {
        this._awakeReadable = this._awakeWritable = undefined;
      } else {
        all.kept = true;
        RestingDuplex.#wake(this, this._restingContent);
      }
    }
  }

  // Static: an object of a class with private methods has one property more, for each such class that it inherits from.

  static #fallAsleep(stream: RestingDuplex, all: Rest): void {
    const readable = stream._awakeReadable as StreamState;
    const writable = stream._awakeWritable as StreamState;
    if (!readable || !writable || writable.pendingcb !== 0 || !stream.readable || !stream.writable) return;
    const content = StreamContent.of(readable, writable);
    if (content === undefined) return;
    const { litter } = all;
    stream._restingContent = content;
    stream._awakeReadable = litter.ref;
    stream._awakeWritable = litter.add(readable, writable);
  }

  static #litter(stream: RestingDuplex): StateLitter | undefined {
    return (stream._awakeReadable as WeakRef<StateLitter> | undefined)?.deref();
  }

  static #wake(stream: RestingDuplex, { readable, writable }: StreamContent): void {
    const litter = RestingDuplex.#litter(stream);
    const place = stream._awakeWritable as number;
    stream._restingContent = undefined;
    stream._awakeReadable = litter?.take(place) ?? readable.make(stream);
    stream._awakeWritable = litter?.take(place + 1) ?? writable.make(stream);
  }
}
