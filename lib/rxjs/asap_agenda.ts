import type { Agenda, Due } from './agenda.js';

/** What has no delay runs as a microtask; the rest goes to another agenda. */
export class AsapAgenda implements Agenda {
  readonly #later: Agenda;
  /** For each action that is to run soon, its latest microtask: the ones before it have nothing to do. */
  readonly #soon = new Map<Due, () => void>();

  constructor(later: Agenda) {
    this.#later = later;
  }

  place(action: Due, since: number, delay: number): void {
    this.withdraw(action);
    if (delay > 0) {
      this.#later.place(action, since, delay);
      return;
    }
    const run = (): void => {
      if (this.#soon.get(action) !== run) return;
      this.#soon.delete(action);
      action.run();
    };
    this.#soon.set(action, run);
    queueMicrotask(run);
  }

  withdraw(action: Due): void {
    this.#soon.delete(action);
    this.#later.withdraw(action);
  }
}
