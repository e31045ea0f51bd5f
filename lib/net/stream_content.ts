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

/** Sockets of one program are mostly in the same few states. */
const MOST_KNOWN = 64;

const sourceOf = Function.prototype.toString;

/** Whether it is what a new state has: an empty list, or the function that Node makes for each stream. */
function isAsNew(value: unknown, asNew: unknown): boolean {
  if (Array.isArray(value)) return value.length === 0 && Array.isArray(asNew);
  return (
    typeof value === 'function' &&
    typeof asNew === 'function' &&
    value.name === asNew.name &&
    sourceOf.call(value) === sourceOf.call(asNew)
  );
}

/** All that a state says, if that is nothing but numbers, flags and empty lists. */
class Content {
  readonly #class: StateClass;
  readonly #new: StreamState;
  /** What it has of its own, and their values. */
  readonly #keys: PropertyKey[] = [];
  readonly #values: unknown[] = [];
  /** What a new one has as well. */
  readonly #asNew: PropertyKey[] = [];
  /** How many of the keys are strings. */
  readonly #names: number;
  /** Whether a state that is made of it says the same. */
  readonly isWhole: boolean;

  constructor(Class: StateClass, state: StreamState) {
    this.#class = Class;
    this.#new = new Class(undefined, {}, true);
    this.#names = Object.keys(state).length;
    // From the last on: what differs most often is Node's bits, and they come last.
    for (const key of Reflect.ownKeys(state).reverse()) {
      const value = state[key];
      if (value === undefined) continue;
      if (typeof value === 'function' || (typeof value === 'object' && value !== null)) {
        this.#asNew.push(key);
      } else {
        this.#keys.push(key);
        this.#values.push(value);
      }
    }
    this.isWhole = this.matches(state) && this.matches(this.make({}));
  }

  matches(state: StreamState): boolean {
    const keys = this.#keys;
    const values = this.#values;
    const { length } = keys;
    for (let i = 0; i < length; i += 1) {
      if (state[keys[i] as PropertyKey] !== values[i]) return false;
    }
    for (const key of this.#asNew) {
      if (!isAsNew(state[key], this.#new[key])) return false;
    }
    // Somebody may have added something. To list the symbols, which are Node's, would take as long as all of this.
    return (
      Object.keys(state).length === this.#names && Object.getPrototypeOf(state) === this.#class.prototype
    );
  }

  make(stream: object): StreamState {
    const state = new this.#class(undefined, stream, true);
    for (const [index, key] of this.#keys.entries()) state[key] = this.#values[index];
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
    for (let i = 0; i < known.length; i += 1) {
      const content = known[i];
      if (content?.readable.matches(readable) && content.writable.matches(writable)) return content;
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
