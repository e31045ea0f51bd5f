/** One step: the next result from the source. `leave` closes the source. */
type Step<T, U> = (
  source: AsyncIterator<T, undefined>,
  leave: () => Promise<void>,
) => Promise<IteratorResult<U, undefined>>;

/** Begins an iteration: makes its step, and may say what is to be closed too when it is left. */
export type Source<T, U> = (onLeave: (close: () => Promise<void>) => void) => Step<T, U>;

const END = { value: undefined, done: true } as const;

/**
 * An iterator over what another one yields. Leaving it leaves the other one at once, even while a call
 * of next() waits (an async generator would first wait for that).
 */
export class Helper<T, U> implements AsyncIterableIterator<U, undefined> {
  readonly #source: AsyncIterator<T, undefined>;
  readonly #step: Step<T, U>;
  readonly #overlapping: boolean;
  readonly #alsoClose: (() => Promise<void>)[] = [];
  readonly #leave = (): Promise<void> => this.#close();
  #left = false;
  #last: Promise<unknown> = Promise.resolve();

  constructor(source: AsyncIterator<T, undefined>, overlapping: boolean, begin: Source<T, U>) {
    this.#source = source;
    this.#overlapping = overlapping;
    this.#step = begin((close) => this.#alsoClose.push(close));
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<U, undefined>> {
    if (this.#overlapping) return this.#run();
    const result = this.#last.then(() => this.#run());
    this.#last = result.catch(() => undefined);
    return result;
  }

  async return(): Promise<IteratorResult<U, undefined>> {
    await this.#close();
    return END;
  }

  async throw(error?: unknown): Promise<IteratorResult<U, undefined>> {
    await this.#close();
    throw error;
  }

  async #run(): Promise<IteratorResult<U, undefined>> {
    if (this.#left) return END;
    try {
      const result = await this.#step(this.#source, this.#leave);
      if (result.done === true) this.#left = true;
      return result;
    } catch (error) {
      await this.#close();
      throw error;
    }
  }

  async #close(): Promise<void> {
    if (this.#left) return;
    this.#left = true;
    for (const close of this.#alsoClose) await close();
    await this.#source.return?.();
  }
}
