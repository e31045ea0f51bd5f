import type { EventStream } from './event_stream.js';
import { Loop } from './loop.js';

/** The values of a stream as arrays: all that wait, at least one. For `for await`. */
export class Batches<T> implements AsyncIterableIterator<T[], undefined> {
  readonly #loop: Loop<T>;

  constructor(stream: EventStream<T>) {
    this.#loop = new Loop(stream);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<T[], undefined>> {
    const value = await this.#loop.nextBatch();
    return value.length > 0 ? { value, done: false } : { value: undefined, done: true };
  }

  async return(): Promise<IteratorResult<T[], undefined>> {
    await this.#loop.return();
    return { value: undefined, done: true };
  }

  async throw(error?: unknown): Promise<IteratorResult<T[], undefined>> {
    await this.#loop.return();
    throw error;
  }
}
