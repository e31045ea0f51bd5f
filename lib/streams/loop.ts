import { result } from '../queue/iteration.js';
import type { EventStream } from './event_stream.js';
import type { Taker, Window } from './window.js';

/** A reader as its stream knows it. The stream does not hold the loop itself, so that a forgotten one is garbage. */
type Reader = object;

const forgotten = new FinalizationRegistry<{ stream: EventStream<unknown>; reader: Reader }>(
  ({ stream, reader }) => {
    stream.leave(reader);
  },
);

/** One call of next() that waits. */
class Pending<T> implements Taker<T> {
  readonly owner: Reader;
  readonly fail: (error: unknown) => void;
  readonly #resolve: (result: IteratorResult<T, undefined>) => void;

  constructor(
    owner: Reader,
    resolve: (result: IteratorResult<T, undefined>) => void,
    reject: (error: unknown) => void,
  ) {
    this.owner = owner;
    this.#resolve = resolve;
    this.fail = reject;
  }

  value(value: T): void {
    this.#resolve({ value, done: false });
  }

  end(): void {
    this.#resolve({ value: undefined, done: true });
  }
}

/** One reader of a stream: what `for await` uses. Calls of next() may overlap: they are answered in order. */
export class Loop<T> implements AsyncIterableIterator<T, undefined> {
  readonly #stream: EventStream<T>;
  readonly #reader: Reader = {};
  #window: Window<T> | undefined;
  #left = false;

  constructor(stream: EventStream<T>) {
    this.#stream = stream;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const window = this.#window;
    if (window === undefined) return this.#start();
    if (window.length > 0) {
      const value = window.take();
      this.#stream.wants();
      return result(value);
    }
    return this.#wait(window);
  }

  /** All values that wait for a reader; if there are none, it waits for some. Empty: the end. */
  async nextBatch(): Promise<T[]> {
    const window = this.#window ?? this.#join();
    if (window !== undefined && window.length > 0) return this.#takeAll(window);
    const { value, done } = await this.next();
    if (done === true) return [];
    // What has come with it, in the same turn, is there by now.
    const rest = this.#window === undefined ? [] : this.#takeAll(this.#window);
    rest.unshift(value);
    return rest;
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#leave();
    return Promise.resolve({ value: undefined, done: true });
  }

  throw(error?: unknown): Promise<IteratorResult<T, undefined>> {
    this.#leave();
    return Promise.reject(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#leave();
  }

  #start(): Promise<IteratorResult<T, undefined>> {
    try {
      if (this.#join() === undefined) return Promise.resolve({ value: undefined, done: true });
    } catch (error) {
      return Promise.reject(error);
    }
    return this.next();
  }

  /** Becomes a reader. Undefined if it has left. @throws what the source throws */
  #join(): Window<T> | undefined {
    if (this.#left) return undefined;
    try {
      this.#window = this.#stream.enter(this.#reader);
    } catch (error) {
      this.#left = true;
      throw error;
    }
    forgotten.register(this, { stream: this.#stream as EventStream<unknown>, reader: this.#reader }, this);
    return this.#window;
  }

  #takeAll(window: Window<T>): T[] {
    const values = window.takeAll();
    if (values.length > 0) this.#stream.wants();
    return values;
  }

  #wait(window: Window<T>): Promise<IteratorResult<T, undefined>> {
    return new Promise((resolve, reject) => {
      window.wait(new Pending(this.#reader, resolve, reject));
      this.#stream.wants();
    });
  }

  #leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#window = undefined;
    forgotten.unregister(this);
    this.#stream.leave(this.#reader);
  }
}
