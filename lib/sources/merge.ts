import { invalidArgType } from '../abi/errors.js';
import { Deque } from '../streams/deque.js';
import { EventStream, type StreamOptions } from '../streams/event_stream.js';
import type { Feed, Sink } from '../streams/source.js';
import type { Taker, Window } from '../streams/window.js';

/** One of the streams that are merged, as the merged one wants to read it. */
interface Input {
  /** Asks for values, until there are enough of them; called again when there are not. */
  ask(): void;
  leave(): void;
  ref(): void;
  unref(): void;
}

/** What the inputs put their values into. */
interface Outlet<T> {
  /** As much is held as the window allows. */
  readonly full: boolean;
  /** Somebody waits, and nothing is held for him. If not, all inputs will be asked again when that has changed. */
  readonly wanted: boolean;
  put(value: T): void;
  fail(error: unknown): void;
  end(): void;
}

/** A reader that asks for the next value before anybody knows of the one it got: so the order is that of arrival. */
class StreamInput<T> implements Input, Taker<T> {
  readonly owner = {};
  readonly #stream: EventStream<T>;
  readonly #window: Window<T>;
  readonly #outlet: Outlet<T>;
  #asked = false;
  #over = false;

  constructor(stream: EventStream<T>, outlet: Outlet<T>) {
    this.#stream = stream;
    this.#outlet = outlet;
    this.#window = stream.enter(this.owner);
  }

  ask(): void {
    while (!this.#over && !this.#asked && this.#mayAsk()) {
      if (this.#window.length > 0) {
        this.#outlet.put(this.#window.take());
      } else {
        this.#asked = true;
        this.#window.wait(this);
      }
      this.#stream.wants();
    }
  }

  value(value: T): void {
    this.#asked = false;
    this.#outlet.put(value);
    this.ask();
  }

  fail(error: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#outlet.fail(error);
  }

  end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#outlet.end();
  }

  leave(): void {
    this.#over = true;
    this.#stream.leave(this.owner);
  }

  ref(): void {
    this.#stream.ref();
  }

  unref(): void {
    this.#stream.unref();
  }

  #mayAsk(): boolean {
    return this.#stream.level ? this.#outlet.wanted : !this.#outlet.full;
  }
}

/** Anything else that can be iterated: not read ahead, what it yields may be lost by that. */
class IteratorInput<T> implements Input {
  readonly #iterator: AsyncIterator<T>;
  readonly #outlet: Outlet<T>;
  #asked = false;
  #over = false;

  constructor(iterable: AsyncIterable<T>, outlet: Outlet<T>) {
    this.#iterator = iterable[Symbol.asyncIterator]();
    this.#outlet = outlet;
  }

  ask(): void {
    if (this.#asked || this.#over || !this.#outlet.wanted) return;
    this.#asked = true;
    this.#iterator.next().then(
      (result) => {
        this.#asked = false;
        if (this.#over) return;
        if (result.done === true) {
          this.#over = true;
          this.#outlet.end();
        } else {
          this.#outlet.put(result.value);
          this.ask();
        }
      },
      (error: unknown) => {
        if (this.#over) return;
        this.#over = true;
        this.#outlet.fail(error);
      },
    );
  }

  leave(): void {
    if (this.#over) return;
    this.#over = true;
    // Nobody is there any more who could be told that it failed.
    this.#iterator.return?.().then(undefined, () => undefined);
  }

  ref(): void {}

  unref(): void {}
}

class MergedFeed<T> implements Feed, Outlet<T> {
  readonly #sink: Sink<T>;
  readonly #size: number;
  readonly #held = new Deque<T>();
  readonly #inputs: Input[] = [];
  #running: number;
  #closed = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(streams: readonly AsyncIterable<T>[], size: number, sink: Sink<T>) {
    this.#sink = sink;
    this.#size = size;
    this.#running = streams.length;
    try {
      for (const stream of streams) {
        this.#inputs.push(
          stream instanceof EventStream
            ? new StreamInput<T>(stream, this)
            : new IteratorInput<T>(stream, this),
        );
      }
    } catch (error) {
      this.close();
      throw error;
    }
    this.#ask();
    this.#tell();
  }

  get full(): boolean {
    return this.#closed || this.#failure !== undefined || this.#held.length >= this.#size;
  }

  get wanted(): boolean {
    return !this.full && this.#held.length === 0 && this.#sink.wanted();
  }

  put(value: T): void {
    if (this.#held.length > 0 || !this.#sink.push(value)) this.#held.push(value);
  }

  fail(error: unknown): void {
    this.#failure ??= { error };
    this.#tell();
  }

  end(): void {
    this.#running -= 1;
    this.#tell();
  }

  mute(): void {
    // What comes now is held, until as much is as the window allows.
  }

  unmute(): void {
    this.#tell();
    this.#ask();
  }

  ref(): void {
    for (const input of this.#inputs) input.ref();
  }

  unref(): void {
    for (const input of this.#inputs) input.unref();
  }

  close(): void {
    this.#closed = true;
    for (const input of this.#inputs) input.leave();
  }

  #ask(): void {
    for (const input of this.#inputs) input.ask();
  }

  #tell(): void {
    while (this.#held.length > 0) if (!this.#sink.offer(() => this.#held.shift() as T)) return;
    if (this.#closed) return;
    if (this.#failure !== undefined) this.#sink.fail(this.#failure.error);
    else if (this.#running === 0) this.#sink.end();
  }
}

function isOptions(value: object): boolean {
  return !(Symbol.asyncIterator in value) && !(Symbol.iterator in value);
}

/**
 * The values of several streams, in the order in which they came, until all have ended; the first that fails fails it.
 * It reads each as one more loop would. While nobody waits it holds as many values as its window allows, then
 * the streams hold their own, and so does the kernel. Streams of level, such as `readable`, and iterables that are not
 * an {@link EventStream}, are asked only while somebody waits.
 *
 * @param streams - streams, or anything else that can be iterated; then the options, if any
 * @throws ERR_INVALID_ARG_TYPE; the loop: what any of the streams throws
 * @example
 * for await (const event of merge(interval(1000), signals('SIGHUP'))) console.log(event);
 * const first = await merge(lines(0), timer(5000)).once();
 */
export function merge<S extends readonly AsyncIterable<unknown>[]>(
  ...streams: S
): EventStream<S[number] extends AsyncIterable<infer T> ? T : never>;
export function merge<S extends readonly AsyncIterable<unknown>[]>(
  ...args: [...streams: S, options: StreamOptions]
): EventStream<S[number] extends AsyncIterable<infer T> ? T : never>;
export function merge(...args: readonly (AsyncIterable<unknown> | StreamOptions)[]): EventStream<unknown> {
  const streams = [...args];
  const last = streams.at(-1);
  const given = typeof last === 'object' && last !== null && isOptions(last);
  const options = (given ? last : {}) as StreamOptions;
  if (given) streams.pop();
  const inputs = streams.map((stream, index) => {
    if (typeof stream === 'object' && stream !== null && Symbol.asyncIterator in stream) return stream;
    throw invalidArgType(`streams[${index}]`, 'an async iterable', stream);
  });
  const { window = 64 } = options;
  return new EventStream<unknown>(
    { level: true, open: (sink) => new MergedFeed<unknown>(inputs, window, sink) },
    options,
  );
}
