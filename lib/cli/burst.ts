/** Where something never comes to rest, a burst is over after so many times the settling time. */
const LONGEST = 20;

/** Events that come shortly after one another are one burst. */
export class Burst {
  readonly #settle: number;
  readonly #onOver: () => void;
  #quiet: NodeJS.Timeout | undefined;
  #latest: NodeJS.Timeout | undefined;

  /** @param settle - milliseconds without an event */
  constructor(settle: number, onOver: () => void) {
    this.#settle = settle;
    this.#onOver = onOver;
  }

  add(): void {
    clearTimeout(this.#quiet);
    const over = (): void => this.flush();
    this.#quiet = setTimeout(over, this.#settle);
    this.#latest ??= setTimeout(over, this.#settle * LONGEST);
  }

  /** It is over now, if there was anything. */
  flush(): void {
    if (this.#quiet === undefined) return;
    this.clear();
    this.#onOver();
  }

  clear(): void {
    clearTimeout(this.#quiet);
    clearTimeout(this.#latest);
    this.#quiet = this.#latest = undefined;
  }
}
