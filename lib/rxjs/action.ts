import { AsyncResource } from 'node:async_hooks';
import { type SchedulerAction, Subscription } from 'rxjs';

import type { Agenda, Due } from './agenda.js';

/** Work that is scheduled, and may schedule itself again: the `this` of the work. */
export class Action<T> extends Subscription implements SchedulerAction<T>, Due {
  due = 0;
  sequence = 0;
  place = -1;
  readonly #agenda: Agenda;
  readonly #work: (this: SchedulerAction<T>, state: T) => void;
  readonly #context = new AsyncResource('KEVENT');
  #state: T | undefined;
  #delay = 0;
  #pending = false;
  #running = false;

  constructor(agenda: Agenda, work: (this: SchedulerAction<T>, state: T) => void) {
    super();
    this.#agenda = agenda;
    this.#work = work;
  }

  /** Again, or for the first time: instead of what it was scheduled for, if that has not come yet. */
  schedule(state?: T, delay = 0): this {
    if (this.closed) return this;
    this.#state = state;
    // From within the work, the same again: a period after it was due, not after it ran, so that it does not drift.
    const repeats = this.#running && delay === this.#delay && delay > 0;
    const now = performance.now();
    let since = now;
    if (repeats) since = this.due + Math.floor((now - this.due) / delay) * delay;
    this.#delay = delay;
    this.#pending = true;
    this.#agenda.place(this, since, delay);
    return this;
  }

  /** @throws what the work throws; the action is over then */
  run(): void {
    this.#pending = false;
    this.#running = true;
    let failed = true;
    try {
      this.#context.runInAsyncScope(this.#work, this, this.#state as T);
      failed = false;
    } finally {
      this.#running = false;
      // Nobody can schedule it any more but the work, which has not.
      if (failed || !this.#pending) this.unsubscribe();
    }
  }

  override unsubscribe(): void {
    if (this.closed) return;
    this.#pending = false;
    this.#agenda.withdraw(this);
    super.unsubscribe();
  }
}
