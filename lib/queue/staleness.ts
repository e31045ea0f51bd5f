/**
 * Which events in the ring may be of kevents that have ended, or be the last of theirs: the others need not be looked
 * at one by one.
 *
 * When a kevent ends, nothing of it is put into the ring any more. So what it has left there lies before the
 * head of that moment, and that is at most one ring's length from the tail. The tail is not beyond the end of the run
 * that this thread has claimed last: if others have committed since, the next run does not begin there.
 */
export class Staleness {
  readonly #ringSize: number;
  #epoch = 0;
  /** The end of the run that was claimed last. */
  #claimed = 0;
  /** From this position on, no event is of a kevent that had ended before the present epoch began. */
  #sound = 0;
  /** From this position on, no event that was in the ring at the last claim is the last of its kevent. */
  #plain = 0;
  /** There are kevents of which the engine has still to hear that they have ended. */
  #pending = false;

  constructor(ringSize: number) {
    this.#ringSize = ringSize;
  }

  /** Changes whenever a kevent ends. */
  get epoch(): number {
    return this.#epoch;
  }

  /** A kevent has ended, in the engine too. */
  ended(): void {
    this.#epoch += 1;
    this.#sound = Math.max(this.#sound, this.#claimed + this.#ringSize);
  }

  /** A kevent has ended, but the engine has still to hear of it. */
  ending(): void {
    this.#epoch += 1;
    this.#pending = true;
  }

  /** The engine has heard of all that were ending. */
  allEnded(): void {
    this.#pending = false;
    this.ended();
  }

  /** @param plainFrom - see CONTROL_PLAIN_FROM */
  claimed(position: number, count: number, plainFrom: number): void {
    this.#plain = plainFrom;
    if (position !== this.#claimed) this.#sound = Math.max(this.#sound, position + this.#ringSize);
    this.#claimed = position + count;
  }

  /**
   * The epoch during which the events from this position on, of those that are claimed, are all current and none is
   * the last of its kevent; -1 if that is not known.
   */
  from(position: number): number {
    return this.#pending || position < this.#sound || position < this.#plain ? -1 : this.#epoch;
  }
}
