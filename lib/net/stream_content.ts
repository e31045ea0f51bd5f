import { Readable, Writable } from 'node:stream';

/** What Node keeps of one half of a stream. Which properties it has differs from release to release. */
export interface StreamState {
  [key: PropertyKey]: unknown;
  /** Of a writing half: who has still to hear of what was written. */
  readonly pendingcb?: unknown;
}

/** Node's own class of such states. */
interface StateClass {
  readonly prototype: object;
  new (options: undefined, stream: object, isDuplex: true): StreamState;
}

const { ReadableState } = Readable as unknown as { ReadableState: StateClass };
const { WritableState } = Writable as unknown as { WritableState: StateClass };

/** In place of what a new state has as well: an empty list, the function that belongs to the stream. */
const AS_NEW = Symbol('asNew');
/** In place of what cannot be made again. */
const OF_ITS_OWN = Symbol('ofItsOwn');
/** Sockets of one program are mostly in the same few states. */
const MOST_KNOWN = 64;

const sourceOf = Function.prototype.toString;

function isEmpty(value: object): boolean {
  return 'length' in value && value.length === 0;
}

function said(value: unknown, asNew: unknown): unknown {
  if (typeof value === 'function') {
    const isNodes = typeof asNew === 'function' && sourceOf.call(value) === sourceOf.call(asNew);
    return isNodes ? AS_NEW : OF_ITS_OWN;
  }
  if (typeof value !== 'object' || value === null) return value;
  if (typeof asNew !== 'object' || asNew === null) return OF_ITS_OWN;
  const isAlike = Object.getPrototypeOf(value) === Object.getPrototypeOf(asNew);
  return isAlike && isEmpty(value) && isEmpty(asNew) ? AS_NEW : OF_ITS_OWN;
}

/** All that a state says, if that is nothing but numbers, flags and empty lists. */
class Content {
  readonly #class: StateClass;
  readonly #new: StreamState;
  readonly #keys: readonly PropertyKey[];
  /** How many of the keys are strings. */
  readonly #names: number;
  readonly #values: readonly unknown[];

  constructor(Class: StateClass, state: StreamState) {
    this.#class = Class;
    this.#new = new Class(undefined, {}, true);
    this.#keys = Reflect.ownKeys(state).filter((key) => state[key] !== undefined);
    this.#names = Object.keys(state).length;
    this.#values = this.#keys.map((key) => said(state[key], this.#new[key]));
  }

  /** Whether a state that is made of it says the same. */
  get isWhole(): boolean {
    return !this.#values.includes(OF_ITS_OWN) && this.matches(this.make({}));
  }

  matches(state: StreamState): boolean {
    const keys = this.#keys;
    const values = this.#values;
    for (let i = keys.length - 1; i >= 0; i -= 1) {
      const key = keys[i] as PropertyKey;
      const value = state[key];
      if (value !== values[i] && said(value, this.#new[key]) !== values[i]) return false;
    }
    // Somebody may have added something. To list the symbols, which are Node's, would take as long as all of this.
    return (
      Object.keys(state).length === this.#names && Object.getPrototypeOf(state) === this.#class.prototype
    );
  }

  make(stream: object): StreamState {
    const state = new this.#class(undefined, stream, true);
    for (const [index, key] of this.#keys.entries()) {
      const value = this.#values[index];
      if (value !== AS_NEW) state[key] = value;
    }
    return state;
  }
}

/** All that both states of a Duplex say. One object serves all streams that are in the same states. */
export class StreamContent {
  static readonly #known: StreamContent[] = [];
  readonly readable: Content;
  readonly writable: Content;

  /** Undefined if they cannot be told from their content alone. */
  static of(readable: StreamState, writable: StreamState): StreamContent | undefined {
    const known = StreamContent.#known;
    for (const content of known) {
      if (content.readable.matches(readable) && content.writable.matches(writable)) return content;
    }
    if (known.length === MOST_KNOWN) return undefined;
    const content = new StreamContent(
      new Content(ReadableState, readable),
      new Content(WritableState, writable),
    );
    if (!content.readable.isWhole || !content.writable.isWhole) return undefined;
    known.push(content);
    return content;
  }

  private constructor(readable: Content, writable: Content) {
    this.readable = readable;
    this.writable = writable;
  }
}
