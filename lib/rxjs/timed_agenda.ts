import { defaultQueue } from '../default_queue.js';
import type { Queue } from '../queue/queue.js';
import type { Registration } from '../queue/registration.js';
import { request } from '../queue/request.js';
import { ActionHeap } from './action_heap.js';
import type { Agenda, Due } from './agenda.js';

/** Two weeks in milliseconds: the nanoseconds of longer delays are not exact as a double. */
const LONGEST = 14 * 24 * 3_600_000;

/** To 'uncaughtException', but not before what else is due has run. */
function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

/**
 * Actions in the order in which they are due, on one TIMER kevent for the first of them. A kevent for each would do
 * without the heap, but kevents that are due at once are ready in any order, and RxJS's `delay` relies on it.
 */
export class TimedAgenda implements Agenda {
  readonly #queue: Queue | undefined;
  readonly #heap = new ActionHeap<Due>();
  #timer: Registration | undefined;
  /** When the timer fires: not after the first action is due, but perhaps before. */
  #armed = 0;
  #sequence = 0;
  #running = false;

  constructor(queue: Queue | undefined) {
    this.#queue = queue;
  }

  place(action: Due, since: number, delay: number): void {
    this.#heap.remove(action);
    action.due = since + Math.max(delay || 0, 0);
    action.sequence = this.#sequence;
    this.#sequence += 1;
    // What never comes does not keep the process alive.
    if (action.due !== Number.POSITIVE_INFINITY) this.#heap.add(action);
    this.#arm();
  }

  withdraw(action: Due): void {
    this.#heap.remove(action);
    if (this.#heap.length === 0) this.#disarm();
  }

  #arm(): void {
    if (this.#running) return;
    const { first } = this.#heap;
    if (first === undefined) {
      this.#disarm();
      return;
    }
    if (this.#timer?.active === true && this.#armed <= first.due) return;
    this.#disarm();
    const now = performance.now();
    const left = Math.min(Math.max(first.due - now, 0), LONGEST);
    this.#armed = now + left;
    const queue = this.#queue ?? defaultQueue();
    this.#timer = queue.add(request.timer({ after: Math.ceil(left * 1e6) }), () => this.#run());
  }

  #disarm(): void {
    this.#timer?.remove();
    this.#timer = undefined;
  }

  /** Runs what is due. What that schedules anew waits for the next turn: it could go on for ever. */
  #run(): void {
    const now = performance.now();
    const sequence = this.#sequence;
    this.#running = true;
    for (;;) {
      const { first } = this.#heap;
      if (first === undefined || first.due > now || first.sequence >= sequence) break;
      this.#heap.remove(first);
      try {
        first.run();
      } catch (error) {
        throwLater(error);
      }
    }
    this.#running = false;
    this.#arm();
  }
}
