import { AsyncResource } from 'node:async_hooks';
import type { Subscriber } from 'rxjs';

import type { EventStream } from '../streams/event_stream.js';
import type { Taker, Window } from '../streams/window.js';
import type { Demand } from './demand.js';

/**
 * A subscriber as a reader of a stream: each value goes to it inside the turn that brings it. While its demand
 * does not open, it takes none: they wait in the stream's window, and when that is full, in the kernel.
 */
export class Reading<T> implements Taker<T> {
  readonly #stream: EventStream<T>;
  readonly #subscriber: Subscriber<T>;
  readonly #demand: Demand | undefined;
  readonly #context = new AsyncResource('KEVENT');
  #window: Window<T> | undefined;
  #waiting = false;
  #handing = false;
  #withdrawing = false;
  #over = false;

  constructor(stream: EventStream<T>, subscriber: Subscriber<T>, demand: Demand | undefined) {
    this.#stream = stream;
    this.#subscriber = subscriber;
    this.#demand = demand;
  }

  get owner(): this {
    return this;
  }

  /** Reads until it is over, or `leave` is called; a stream that cannot be read is an error like any other. */
  start(): void {
    const takeBack = this.#demand?.onChange(() => this.#proceed());
    this.#subscriber.add(() => {
      takeBack?.();
      this.#leave();
    });
    try {
      this.#window = this.#stream.enter(this);
    } catch (error) {
      this.fail(error);
      return;
    }
    this.#proceed();
  }

  value(value: T): void {
    if (this.#demand === undefined) {
      // Asks before the value goes on: a level source that finds nobody waiting is muted.
      this.#window?.wait(this);
      this.#hand(value);
      return;
    }
    this.#waiting = false;
    this.#handing = true;
    this.#hand(value);
    this.#handing = false;
    this.#proceed();
  }

  fail(error: unknown): void {
    if (this.#over) return;
    this.#leave();
    this.#context.runInAsyncScope(() => this.#subscriber.error(error));
  }

  end(): void {
    if (this.#over || this.#withdrawing) return;
    this.#leave();
    this.#context.runInAsyncScope(() => this.#subscriber.complete());
  }

  #hand(value: T): void {
    this.#context.runInAsyncScope(this.#subscriber.next, this.#subscriber, value);
  }

  get #wants(): boolean {
    return !this.#over && (this.#demand === undefined || this.#demand.open);
  }

  /** Takes what waits already, then waits for more, as far as that is wanted; if it is not, it waits no longer. */
  #proceed(): void {
    const window = this.#window;
    if (window === undefined || this.#handing) return;
    this.#handing = true;
    while (this.#wants && window.length > 0) this.#hand(window.take());
    this.#handing = false;
    if (this.#wants && !this.#waiting) {
      this.#waiting = true;
      window.wait(this);
    } else if (!this.#wants && this.#waiting && !this.#over) {
      this.#waiting = false;
      this.#withdrawing = true;
      window.withdraw(this);
      this.#withdrawing = false;
    }
    // There may be room in the window again, or somebody who waits.
    if (!this.#over) this.#stream.wants();
  }

  #leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#stream.leave(this);
  }
}
