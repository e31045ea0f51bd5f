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
  /** While it rests, what leads to the state if somebody has kept it, for he has to find it here again; and its place there. */
  #readable: StreamState | WeakRef<StateLitter> | undefined;
  #writable: StreamState | number | undefined = 0;
  /** What the states say; undefined while it is awake, and they are there. */
  #content: StreamContent | undefined | null = null;

  constructor(options: DuplexOptions) {
    super();
    // Changed for every object, and so no constant to V8: or the first socket that rests would cost all streams their code.
    this.#content = undefined;
    Reflect.apply(Duplex, this, [options]);
  }

  // Whoever asks a prototype, as `Socket.prototype.bytesWritten` does, is told that there is none.

  get _readableState(): StreamState {
    if (!(#content in this)) return undefined as unknown as StreamState;
    if (this.#content != null) RestingDuplex.#wake(this, this.#content);
    return this.#readable as StreamState;
  }

  set _readableState(state: StreamState) {
    if (this.#content != null) RestingDuplex.#wake(this, this.#content);
    this.#readable = state;
  }

  get _writableState(): StreamState {
    if (!(#content in this)) return undefined as unknown as StreamState;
    if (this.#content != null) RestingDuplex.#wake(this, this.#content);
    return this.#writable as StreamState;
  }

  set _writableState(state: StreamState) {
    if (this.#content != null) RestingDuplex.#wake(this, this.#content);
    this.#writable = state;
  }

  /**
   * Called after a garbage collection. The states are left to the next one; if they are gone by the time of the next call,
   * nobody else had them. What is on its way holds a state and is about to change it: then it stays awake.
   */
  [rest](all: Rest): void {
    if (this.#content == null) {
      RestingDuplex.#fallAsleep(this, all);
    } else if (this.#readable !== undefined) {
      if (RestingDuplex.#litter(this) === undefined) {
        this.#readable = this.#writable = undefined;
      } else {
        all.kept = true;
        RestingDuplex.#wake(this, this.#content);
      }
    }
  }

  // Static: an object of a class with private methods has one property more, for each such class that it inherits from.

  static #fallAsleep(stream: RestingDuplex, all: Rest): void {
    const readable = stream.#readable as StreamState;
    const writable = stream.#writable as StreamState;
    if (!readable || !writable || writable.pendingcb !== 0 || !stream.readable || !stream.writable) return;
    const content = StreamContent.of(readable, writable);
    if (content === undefined) return;
    const { litter } = all;
    stream.#content = content;
    stream.#readable = litter.ref;
    stream.#writable = litter.add(readable, writable);
  }

  static #litter(stream: RestingDuplex): StateLitter | undefined {
    return (stream.#readable as WeakRef<StateLitter> | undefined)?.deref();
  }

  static #wake(stream: RestingDuplex, { readable, writable }: StreamContent): void {
    const litter = RestingDuplex.#litter(stream);
    const place = stream.#writable as number;
    stream.#content = undefined;
    stream.#readable = litter?.take(place) ?? readable.make(stream);
    stream.#writable = litter?.take(place + 1) ?? writable.make(stream);
  }
}
