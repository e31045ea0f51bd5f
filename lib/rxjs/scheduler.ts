import type { SchedulerAction, SchedulerLike, Subscription } from 'rxjs';

import { invalidArgType } from '../abi/errors.js';
import { Queue } from '../queue/queue.js';
import { Action } from './action.js';
import type { Agenda } from './agenda.js';
import { AsapAgenda } from './asap_agenda.js';
import { TimedAgenda } from './timed_agenda.js';

/** Options of a {@link KeventScheduler}. */
export interface KeventSchedulerOptions {
  /** The queue to put the timer into; the thread's default queue if left out. */
  readonly queue?: Queue | undefined;
  /** Work without a delay runs as a microtask, instead of in the next turn of the event loop. */
  readonly asap?: boolean | undefined;
}

/**
 * A scheduler for RxJS on a TIMER kevent. Delays are in milliseconds, and their fractions count, though the timer
 * wheel's tick is 1,024 ns; nothing runs early. Work that schedules itself again with the same delay runs on a grid
 * without drift, and skips the points that it is too late for.
 *
 * Actions run in the order in which they are due and, where that is the same, in which they were scheduled, each in
 * the AsyncLocalStorage context of its `schedule`. While something is scheduled there is one kevent, which keeps the
 * process alive as setTimeout does; none when all has run or is unsubscribed. An action whose work has run
 * without scheduling itself again is over.
 *
 * @example
 * interval(0.25, keventScheduler).pipe(take(4)).subscribe(() => console.log(performance.now()));
 * clicks.pipe(debounceTime(1.5, keventScheduler)).subscribe(save);
 */
export class KeventScheduler implements SchedulerLike {
  readonly #agenda: Agenda;

  /** @throws ERR_INVALID_ARG_TYPE */
  constructor(options: KeventSchedulerOptions = {}) {
    if (typeof options !== 'object' || options === null)
      throw invalidArgType('options', 'an object', options);
    const { queue, asap = false } = options;
    if (queue !== undefined && !(queue instanceof Queue))
      throw invalidArgType('options.queue', 'a Queue', queue);
    const timed = new TimedAgenda(queue);
    this.#agenda = asap ? new AsapAgenda(timed) : timed;
  }

  /**
   * Milliseconds since 1970, by the performance clock: with fractions, and going on evenly when the wall clock is
   * set, from which it then differs.
   */
  now(): number {
    return performance.timeOrigin + performance.now();
  }

  /**
   * Runs `work` after `delay` milliseconds, once, with the action as its `this`, by which it may schedule itself
   * again. Infinity is never; 0, or less, is the next turn of the event loop.
   *
   * @returns the action: unsubscribing it cancels it
   * @throws ERR_INVALID_STATE if the queue is closed
   */
  schedule<T>(work: (this: SchedulerAction<T>, state: T) => void, delay: number, state: T): Subscription;
  /** As above. @throws ERR_INVALID_STATE if the queue is closed */
  schedule<T>(work: (this: SchedulerAction<T>, state?: T) => void, delay?: number, state?: T): Subscription;
  schedule<T>(work: (this: SchedulerAction<T>, state: T) => void, delay = 0, state?: T): Subscription {
    return new Action<T>(this.#agenda, work).schedule(state, delay);
  }
}

/** For all of RxJS's time operators: as `asyncScheduler`, on the thread's default queue. */
export const keventScheduler = new KeventScheduler();

/** As `asapScheduler`: what has no delay runs as soon as the code that is running now has. */
export const keventAsapScheduler = new KeventScheduler({ asap: true });
