import type { Entry } from './action_heap.js';

/** What can be run at its time. */
export interface Due extends Entry {
  /** Throws what the work throws. */
  run(): void;
}

/** Where a scheduler keeps its actions. */
export interface Agenda {
  /** The action is to run `delay` milliseconds after `since`; when it was to run before is forgotten. */
  place(action: Due, since: number, delay: number): void;
  /** It is not to run any more. */
  withdraw(action: Due): void;
}
