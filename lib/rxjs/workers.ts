import { from, type Observable, type ObservableInput, Subscriber } from 'rxjs';

import { Deque } from '../streams/deque.js';
import { currentDemand, Demand, withDemand } from './demand.js';
import type { Drain } from './drain_options.js';

/** Work on one value, in the order of the values. */
interface Job<R> {
  /** Results that must wait for those of the jobs before. */
  readonly results: R[];
  done: boolean;
}

/**
 * Work on the values of a source, a limited number at a time. While all places are taken, the source is not asked.
 * A source that cannot be held still pushes: what it pushes then waits here.
 */
export class Workers<T, R> {
  readonly #subscriber: Subscriber<R>;
  readonly #work: (value: T, index: number) => ObservableInput<R>;
  readonly #concurrency: number;
  readonly #demand: Demand;
  readonly #waiting = new Deque<T>();
  /** If results are to be in order: all jobs that have a place; only the first may hand on its results. */
  readonly #jobs: Deque<Job<R>> | undefined;
  #places = 0;
  #index = 0;
  #ended = false;
  #proceeding = false;

  constructor(
    subscriber: Subscriber<R>,
    work: (value: T, index: number) => ObservableInput<R>,
    { concurrency, ordered }: Drain,
  ) {
    this.#subscriber = subscriber;
    this.#work = work;
    this.#concurrency = concurrency;
    this.#jobs = ordered && concurrency > 1 ? new Deque() : undefined;
    // Who reads the results may hold this one's source too: otherwise they would pile up there.
    this.#demand = new Demand(currentDemand());
  }

  /** Begins with the values of a source. */
  run(source: Observable<T>): void {
    const values = new Subscriber<T>({
      next: (value) => {
        this.#waiting.push(value);
        this.#proceed();
      },
      error: (error: unknown) => this.#subscriber.error(error),
      complete: () => {
        this.#ended = true;
        this.#proceed();
      },
    });
    // Before it begins: a source may emit all it has at once, and somebody after this may have enough.
    this.#subscriber.add(values);
    withDemand(this.#demand, () => source.subscribe(values));
  }

  get #isFree(): boolean {
    return this.#places < this.#concurrency;
  }

  /** Starts as much as there is room for. Work that is done at once does not make the stack deeper. */
  #proceed(): void {
    if (this.#proceeding) return;
    this.#proceeding = true;
    while (this.#isFree && this.#waiting.length > 0 && !this.#subscriber.closed) {
      this.#start(this.#waiting.shift() as T);
    }
    this.#proceeding = false;
    if (this.#ended && this.#places === 0 && this.#waiting.length === 0) this.#subscriber.complete();
    else if (!this.#isFree) this.#demand.hold();
    else this.#demand.resume();
  }

  #start(value: T): void {
    const job: Job<R> = { results: [], done: false };
    this.#places += 1;
    if (!this.#isFree) this.#demand.hold();
    this.#jobs?.push(job);
    // The work has nothing to do with the demand of the one who subscribes just now.
    withDemand(undefined, () => {
      let results: Observable<R>;
      try {
        results = from(this.#work(value, this.#index));
      } catch (error) {
        this.#subscriber.error(error);
        return;
      }
      this.#index += 1;
      const subscription = results.subscribe({
        next: (result) => {
          const isFirst = this.#jobs === undefined || this.#jobs.peek() === job;
          if (isFirst && job.results.length === 0) this.#subscriber.next(result);
          else job.results.push(result);
        },
        error: (error) => this.#subscriber.error(error),
        complete: () => this.#finish(job),
      });
      this.#subscriber.add(subscription);
    });
  }

  #finish(job: Job<R>): void {
    job.done = true;
    if (this.#jobs === undefined) this.#places -= 1;
    else this.#advance(this.#jobs);
    this.#proceed();
  }

  /** Hands on the results of what is first now. */
  #advance(jobs: Deque<Job<R>>): void {
    while (jobs.peek()?.done === true) {
      jobs.shift();
      this.#places -= 1;
      const results = jobs.peek()?.results ?? [];
      // To the end, also of what is added meanwhile.
      for (const result of results) this.#subscriber.next(result);
      results.length = 0;
    }
  }
}
