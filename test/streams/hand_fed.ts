import { EventStream, type Feed, type Sink, type StreamOptions } from '../../lib/index.js';

/** A source that the test feeds by hand, and that notes what is asked of it. */
export class HandFed {
  readonly stream: EventStream<number>;
  readonly calls: string[] = [];
  opened = 0;
  closed = 0;
  muted = false;
  failure: Error | undefined;
  #sink: Sink<number> | undefined;

  constructor(options: StreamOptions & { readonly level?: boolean } = {}) {
    const open = (sink: Sink<number>): Feed => this.#open(sink);
    this.stream = new EventStream<number>({ level: options.level ?? false, open }, options);
  }

  get sink(): Sink<number> {
    if (this.#sink === undefined) throw new Error('the source was not opened yet');
    return this.#sink;
  }

  /** How many of the values were taken or kept. */
  push(...values: number[]): number {
    return values.filter((value) => this.sink.push(value)).length;
  }

  #open(sink: Sink<number>): Feed {
    if (this.failure !== undefined) throw this.failure;
    this.#sink = sink;
    this.opened += 1;
    this.muted = false;
    const note = (call: string) => (): void => {
      this.calls.push(call);
      if (call === 'close') this.closed += 1;
      if (call === 'mute' || call === 'unmute') this.muted = call === 'mute';
    };
    return {
      mute: note('mute'),
      unmute: note('unmute'),
      ref: note('ref'),
      unref: note('unref'),
      close: note('close'),
    };
  }
}

/** Values of `count` calls of next(). */
export async function take<T>(loop: AsyncIterator<T, undefined>, count: number): Promise<T[]> {
  const values: T[] = [];
  for (let i = 0; i < count; i += 1) {
    const result = await loop.next();
    if (result.done !== true) values.push(result.value);
  }
  return values;
}

/** Makes a source's calls of next() start, so that it can be fed. */
export function start<T>(stream: EventStream<T>): [AsyncIterator<T, undefined>, Promise<IteratorResult<T>>] {
  const loop = stream[Symbol.asyncIterator]();
  return [loop, loop.next()];
}
