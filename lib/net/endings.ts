/** Whose peer has ended. */
export interface Ending {
  tellEnded(): void;
}

/**
 * Tells of the ends of a turn when the immediates that it has asked for have run. What comes together with an end, and is
 * answered in one of them, is answered that way: with libuv, the end is found in the turn that follows.
 */
export class Endings {
  #waiting: Ending[] = [];
  readonly #tell = (): void => {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const ending of waiting) {
      try {
        ending.tellEnded();
      } catch (error) {
        // To 'uncaughtException', but not before the others have heard.
        process.nextTick(() => {
          throw error;
        });
      }
    }
  };

  add(ending: Ending): void {
    if (this.#waiting.length === 0) setImmediate(this.#tell);
    this.#waiting.push(ending);
  }
}
