import { invalidArgType, outOfRange } from '../abi/errors.js';
import { Helper, type Source } from './helper.js';
import { observable, observableKey, type Subscribable } from './observable.js';
import { type ReadableOptions, readable } from './readable.js';

/** A value or a promise of it. */
export type Awaitable<T> = T | PromiseLike<T>;

function checkFunction(name: string, value: unknown): void {
  if (typeof value !== 'function') throw invalidArgType(name, 'a function', value);
}

function checkCount(name: string, value: number): void {
  if (typeof value !== 'number' || Number.isNaN(value)) throw invalidArgType(name, 'a number', value);
  if (value < 0) throw outOfRange(name, '>= 0', value);
}

/** What `take`, `drop` and `map` do with overlapping calls of next() they do at once; the others one after the other. */
const ONE_BY_ONE = false;
const OVERLAPPING = true;

/**
 * What can be iterated, with the methods of TC39's async iterator helpers. Those that return a stream
 * do nothing until it is read, and each reading of it reads this one anew.
 *
 * @example
 * const errors = lines(0).filter((line) => line.includes('error')).map((line) => line.trim());
 * for await (const line of errors.take(3)) console.log(line);
 */
export abstract class Stream<T> implements AsyncIterable<T> {
  static {
    if (observableKey !== '@@observable') {
      Object.defineProperty(Stream.prototype, observableKey, {
        value(this: Stream<unknown>) {
          return this['@@observable']();
        },
        configurable: true,
        writable: true,
      });
    }
  }

  /** A reading of the stream: what `for await` uses. */
  abstract [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined>;

  /** Each value, changed. Overlapping calls of next() run `change` side by side. */
  map<U>(change: (value: T, index: number) => Awaitable<U>): Stream<U> {
    checkFunction('change', change);
    return this.#derive<U>(OVERLAPPING, () => {
      let index = 0;
      return async (source) => {
        const at = index;
        index += 1;
        const result = await source.next();
        if (result.done === true) return result;
        return { value: await change(result.value, at), done: false };
      };
    });
  }

  /** The values that are wanted. */
  filter<U extends T>(wanted: (value: T, index: number) => value is U): Stream<U>;
  /** The values that are wanted. */
  filter(wanted: (value: T, index: number) => Awaitable<boolean>): Stream<T>;
  filter(wanted: (value: T, index: number) => Awaitable<boolean>): Stream<T> {
    checkFunction('wanted', wanted);
    return this.#derive<T>(ONE_BY_ONE, () => {
      let index = 0;
      return async (source) => {
        for (;;) {
          const result = await source.next();
          if (result.done === true) return result;
          const at = index;
          index += 1;
          if (await wanted(result.value, at)) return result;
        }
      };
    });
  }

  /** The first `count` values; then it leaves. */
  take(count: number): Stream<T> {
    checkCount('count', count);
    return this.#derive<T>(OVERLAPPING, () => {
      let left = Math.trunc(count);
      return async (source, leave) => {
        if (left <= 0) {
          await leave();
          return { value: undefined, done: true };
        }
        left -= 1;
        const last = left === 0;
        const result = await source.next();
        // Not at the next call, as an iterator helper would: a kevent is not to be kept for nothing.
        if (last) await leave();
        return result;
      };
    });
  }

  /** All but the first `count` values. */
  drop(count: number): Stream<T> {
    checkCount('count', count);
    return this.#derive<T>(ONE_BY_ONE, () => {
      let left = Math.trunc(count);
      return async (source) => {
        for (; left > 0; left -= 1) {
          const result = await source.next();
          if (result.done === true) return result;
        }
        return source.next();
      };
    });
  }

  /** The values of what each value is changed into, one after the other. */
  flatMap<U>(change: (value: T, index: number) => Awaitable<Iterable<U> | AsyncIterable<U>>): Stream<U> {
    checkFunction('change', change);
    return this.#derive<U>(ONE_BY_ONE, (onLeave) => {
      let index = 0;
      let inner: AsyncIterator<U> | Iterator<U> | undefined;
      onLeave(async () => {
        await inner?.return?.();
      });
      return async (source) => {
        for (;;) {
          const part = await inner?.next();
          if (part !== undefined && part.done !== true) return { value: await part.value, done: false };
          inner = undefined;
          const result = await source.next();
          if (result.done === true) return result;
          const values = await change(result.value, index);
          index += 1;
          if (Symbol.asyncIterator in values) inner = values[Symbol.asyncIterator]();
          else inner = values[Symbol.iterator]();
        }
      };
    });
  }

  /** Joins all values into one. @throws TypeError if there is no value */
  reduce(join: (sum: T, value: T, index: number) => Awaitable<T>): Promise<T>;
  /** Joins all values into one, beginning with `first`. */
  reduce<U>(join: (sum: U, value: T, index: number) => Awaitable<U>, first: U): Promise<U>;
  async reduce<U>(join: (sum: U, value: T, index: number) => Awaitable<U>, ...initial: [U?]): Promise<U> {
    checkFunction('join', join);
    let sum = initial[0] as U;
    let empty = initial.length === 0;
    let index = 0;
    for await (const value of this) {
      sum = empty ? (value as unknown as U) : await join(sum, value, index);
      empty = false;
      index += 1;
    }
    if (empty) throw new TypeError('reduce of a stream without values needs a first value');
    return sum;
  }

  /** All values. Only for streams that end. */
  async toArray(): Promise<T[]> {
    const values: T[] = [];
    for await (const value of this) values.push(value);
    return values;
  }

  /** Calls `use` with each value, and waits for it before it asks for the next. */
  async forEach(use: (value: T, index: number) => unknown): Promise<void> {
    checkFunction('use', use);
    let index = 0;
    for await (const value of this) {
      await use(value, index);
      index += 1;
    }
  }

  /** Whether `test` holds for some value: leaves at the first. */
  async some(test: (value: T, index: number) => Awaitable<boolean>): Promise<boolean> {
    return (await this.#first(test)) !== undefined;
  }

  /** Whether `test` holds for every value: leaves at the first for which it does not. */
  async every(test: (value: T, index: number) => Awaitable<boolean>): Promise<boolean> {
    checkFunction('test', test);
    return !(await this.some(async (value, index) => !(await test(value, index))));
  }

  /** The first value for which `test` holds; then it leaves. */
  async find(test: (value: T, index: number) => Awaitable<boolean>): Promise<T | undefined> {
    return (await this.#first(test))?.value;
  }

  /** The first value, after which it leaves. Undefined if the stream ends without one. */
  async once(): Promise<T | undefined> {
    return this.find(() => true);
  }

  /** For `from` of RxJS, and other libraries that know Observables: to subscribe is to read. */
  '@@observable'(): Subscribable<T> {
    return observable(this);
  }

  /** A web ReadableStream. Cancelling it leaves this stream; it asks for values as they are pulled. */
  toReadable(options?: ReadableOptions): ReadableStream<T> {
    return readable(this, options);
  }

  async #first(test: (value: T, index: number) => Awaitable<boolean>): Promise<{ value: T } | undefined> {
    checkFunction('test', test);
    let index = 0;
    for await (const value of this) {
      if (await test(value, index)) return { value };
      index += 1;
    }
    return undefined;
  }

  #derive<U>(overlapping: boolean, begin: Source<T, U>): Stream<U> {
    return new Derived(() => new Helper(this[Symbol.asyncIterator](), overlapping, begin));
  }
}

class Derived<T> extends Stream<T> {
  readonly #iterate: () => AsyncIterableIterator<T, undefined>;

  constructor(iterate: () => AsyncIterableIterator<T, undefined>) {
    super();
    this.#iterate = iterate;
  }

  [Symbol.asyncIterator](): AsyncIterableIterator<T, undefined> {
    return this.#iterate();
  }
}
