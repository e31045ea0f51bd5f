/** Whose peer has ended right behind what it has sent. */
export interface Ending {
  tellEnded(): void;
}

/**
 * Tells of ends that came in one turn with other bytes of their connection, when the immediates that the turn has asked for
 * have run: who answers in one of them is not too late. With libuv, such an end is found in the turn that follows.
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
