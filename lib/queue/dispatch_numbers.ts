import type { Dispatch } from './dispatch.js';

/** In `user[1]`, beside the generation: the number. */
const NUMBER_SHIFT = 24;
const NUMBERS = 0x100;
/** A handler has it before its first kevent, and again after its last. */
export const NOT_NUMBERED = -1;
/** It has kevents, and there was no number left for it. */
const NO_NUMBER = 0;

/**
 * Numbers for handlers, so that an event says itself where it goes: to look at its kevent for that would be, with a
 * million of them, one more cache miss. All kevents of a handler have the same, for as long as there are any.
 */
export class DispatchNumbers {
  /** By number; none has 0. */
  readonly #dispatches = new Array<Dispatch | undefined>(NUMBERS).fill(undefined);
  /** Numbers that nobody has had yet begin here. */
  #fresh = 1;
  readonly #spare: number[] = [];

  /** Before kevents are added. */
  take(dispatch: Dispatch): void {
    if (dispatch.number !== NOT_NUMBERED) return;
    const spare = this.#spare.pop();
    if (spare === undefined && this.#fresh === NUMBERS) {
      dispatch.number = NO_NUMBER;
      return;
    }
    dispatch.number = spare ?? this.#fresh;
    if (spare === undefined) this.#fresh += 1;
    this.#dispatches[dispatch.number] = dispatch;
  }

  /** What `user[1]` of its kevents has beside the generation. */
  bits({ number }: Dispatch): number {
    return number > NO_NUMBER ? number << NUMBER_SHIFT : 0;
  }

  /** Whose kevent has this in its `user[1]`; undefined if that does not say. */
  find(user1: number): Dispatch | undefined {
    return this.#dispatches[user1 >>> NUMBER_SHIFT];
  }

  /** That many of its kevents have ended, or could not be added after all. */
  ended(dispatch: Dispatch, count: number): void {
    dispatch.kevents -= count;
    if (dispatch.kevents > 0) return;
    const { number } = dispatch;
    dispatch.number = NOT_NUMBERED;
    if (number <= NO_NUMBER) return;
    this.#dispatches[number] = undefined;
    this.#spare.push(number);
  }
}
