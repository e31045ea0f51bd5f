import { Deque } from './deque.js';

/** Somebody who waits for one value. */
export interface Taker<T> {
  /** Who waits: all of its requests can be withdrawn together. */
  readonly owner: object;
  value(value: T): void;
  fail(error: unknown): void;
  end(): void;
}

/**
 * Values that nobody has asked for yet, and askers for whom there is no value yet: at any time at most one of
 * the two. How full it is decides whether the source is asked for more.
 */
export class Window<T> {
  readonly size: number;
  readonly #values = new Deque<T>();
  readonly #takers = new Deque<Taker<T>>();
  #ended = false;
  #failed = false;
  #error: unknown;

  constructor(size: number) {
    this.size = size;
  }

  get length(): number {
    return this.#values.length;
  }

  get full(): boolean {
    return this.#values.length >= this.size;
  }

  /** Somebody is waiting. */
  get wanted(): boolean {
    return this.#takers.length > 0;
  }

  /** Gives the value to the one who has waited longest. False if nobody waits. */
  give(value: T): boolean {
    const taker = this.#takers.shift();
    if (taker === undefined) return false;
    taker.value(value);
    return true;
  }

  keep(value: T): void {
    this.#values.push(value);
  }

  /** The oldest value that was kept. Only if there is one. */
  take(): T {
    return this.#values.shift() as T;
  }

  takeAll(): T[] {
    return this.#values.drain();
  }

  /** There is no value: waits for one, or for the end, which may have come already. */
  wait(taker: Taker<T>): void {
    if (!this.#ended) {
      this.#takers.push(taker);
    } else if (this.#failed) {
      this.#failed = false;
      const error = this.#error;
      this.#error = undefined;
      taker.fail(error);
    } else {
      taker.end();
    }
  }

  /** Nothing comes after this. An error goes to one reader; the others see the end. */
  end(failed: boolean, error: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failed = failed;
    this.#error = error;
    for (const taker of this.#takers.drain()) this.wait(taker);
  }

  /** The values are not wanted any more. */
  discard(): void {
    this.#values.clear();
  }

  /** This owner does not wait any more: its requests end. */
  withdraw(owner: object): void {
    const withdrawn: Taker<T>[] = [];
    this.#takers.remove((taker) => {
      if (taker.owner === owner) withdrawn.push(taker);
      return taker.owner === owner;
    });
    for (const taker of withdrawn) taker.end();
  }
}
