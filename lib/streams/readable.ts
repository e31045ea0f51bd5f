/** Options of `toReadable`. */
export interface ReadableOptions {
  /** `'bytes'` for streams of Uint8Array: a byte stream, which BYOB readers can read. */
  readonly type?: 'bytes';
}

/** A web ReadableStream that pulls from an iterable, one value at a time: it buffers nothing of its own. */
export function readable<T>(values: AsyncIterable<T>, options: ReadableOptions = {}): ReadableStream<T> {
  let iterator: AsyncIterator<T> | undefined;
  const source = {
    async pull(controller: ReadableStreamDefaultController<T> | ReadableByteStreamController): Promise<void> {
      iterator ??= values[Symbol.asyncIterator]();
      const result = await iterator.next();
      if (result.done !== true) {
        controller.enqueue(result.value as T & ArrayBufferView);
        return;
      }
      controller.close();
      // A reader that brought its own buffer is answered only by this.
      if ('byobRequest' in controller) controller.byobRequest?.respond(0);
    },
    async cancel(): Promise<void> {
      await iterator?.return?.();
    },
  };
  if (options.type === 'bytes') {
    return new ReadableStream({ type: 'bytes', ...source }) as ReadableStream<T>;
  }
  return new ReadableStream<T>(source, { highWaterMark: 0 });
}
