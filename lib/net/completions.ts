/** Who wrote, and waits to hear of it. */
export interface Writer {
  /** `errno`: 0, or why it could not be sent. */
  completed(errno: number): void;
}

/**
 * Tells writers that what they wrote is with the kernel, or why not, where that was not so by the tick of the write: a slow
 * peer's, and those of files.
 */
export class Completions {
  #writers: Writer[] = [];
  #errnos: number[] = [];
  readonly #tell = (): void => {
    const writers = this.#writers;
    const errnos = this.#errnos;
    this.#writers = [];
    this.#errnos = [];
    for (const [index, writer] of writers.entries()) {
      try {
        writer.completed(errnos[index] ?? 0);
      } catch (error) {
        // To 'uncaughtException', but not before the others have heard.
        process.nextTick(() => {
          throw error;
        });
      }
    }
  };

  add(writer: Writer, errno: number): void {
    if (this.#writers.length === 0) process.nextTick(this.#tell);
    this.#writers.push(writer);
    this.#errnos.push(errno);
  }
}
