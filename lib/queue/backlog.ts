import { UKEVENT_WORDS } from '../abi/layout.js';

/** Slots that lie side by side, in the ring and by position. */
interface Run {
  /** Of the first slot. */
  position: number;
  /** First word of the first slot. */
  from: number;
  /** First word behind the last slot. */
  to: number;
}

/** Slots that were handed out to one loop; it has seen those before `at`, and is through with those before `through`. */
export interface Hold extends Run {
  at: number;
  through: number;
  /** What was not seen may be taken away again. */
  readonly lent: boolean;
}

/** Slots between two first words. */
export function slotsBetween(from: number, to: number): number {
  return ((to - from) / UKEVENT_WORDS) | 0;
}

/** The slots that this thread has claimed and whose events go to no handler, in ring order. */
export class Backlog {
  /** Not handed out, or handed back. */
  readonly #runs: Run[] = [];
  /** Slots that are not released, handed out or not. */
  #outstanding = 0;

  /** Whether every slot was released. */
  get isEmpty(): boolean {
    return this.#outstanding === 0;
  }

  /** Whether there is something to hand out. */
  get hasMore(): boolean {
    return this.#runs.length > 0;
  }

  push(position: number, from: number, count: number): void {
    this.#outstanding += count;
    const to = from + count * UKEVENT_WORDS;
    const last = this.#runs[this.#runs.length - 1];
    if (
      last !== undefined &&
      last.to === from &&
      last.position + slotsBetween(last.from, from) === position
    ) {
      last.to = to;
    } else {
      this.#runs.push({ position, from, to });
    }
  }

  /** Hands out the oldest run. False if there is none. */
  take(hold: Hold): boolean {
    const run = this.#runs.shift();
    if (run === undefined) return false;
    hold.position = run.position;
    hold.from = hold.at = hold.through = run.from;
    hold.to = run.to;
    return true;
  }

  /** Hands out the oldest slot. False if there is none. */
  takeOne(hold: Hold): boolean {
    const run = this.#runs[0];
    if (run === undefined) return false;
    const { position, from } = run;
    const next = from + UKEVENT_WORDS;
    hold.position = position;
    hold.from = hold.at = hold.through = from;
    hold.to = next;
    run.position = position + 1;
    run.from = next;
    if (next === run.to) this.#runs.shift();
    return true;
  }

  /** Takes a run back: it is the next to be handed out, before younger ones. */
  giveBack(position: number, from: number, to: number): void {
    if (from === to) return;
    const at = this.#runs.findIndex((run) => run.position > position);
    this.#runs.splice(at < 0 ? this.#runs.length : at, 0, { position, from, to });
  }

  /** So many slots are done with. */
  release(count: number): void {
    this.#outstanding -= count;
  }

  /** Forgets everything: the slots are not this thread's any more. */
  clear(): void {
    this.#runs.length = 0;
    this.#outstanding = 0;
  }
}
