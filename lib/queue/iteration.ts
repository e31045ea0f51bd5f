import type { Hold } from './backlog.js';
import type { Consumer, Waiter } from './consumer.js';
import { EventCursor } from './event_cursor.js';

export type Result<T> = IteratorResult<T, undefined>;

/** What a loop leaves behind when it becomes garbage without having ended. */
interface Abandoned {
  readonly consumer: Consumer;
  /** They must not lead to the loop, which would never be garbage. */
  readonly holds: readonly Hold[];
}

const abandoned = new FinalizationRegistry<Abandoned>(({ consumer, holds }) => {
  letGo(consumer, holds);
  if (!consumer.closed) consumer.leave();
});

/** What was seen is consumed; what was not is handed back, for other loops or a later one. */
function letGo(consumer: Consumer, holds: readonly Hold[]): void {
  const { claims } = consumer;
  claims.finishLate();
  for (const hold of holds) {
    claims.releaseSeen(hold);
    claims.backlog.giveBack(hold.position, hold.at, hold.to);
    hold.from = hold.at = hold.through = hold.to;
    claims.holds.delete(hold);
  }
}

/** An async function makes a promise that is resolved already at less cost than Promise.resolve. */
export async function result<T>(value: T): Promise<Result<T>> {
  return { value, done: false };
}

async function end<T>(): Promise<Result<T>> {
  return { value: undefined, done: true };
}

/**
 * What loops by batch and loops by event have in common: a queue of requests, and the end. By hand,
 * because an async generator costs several times as much for each value, and makes concurrent
 * calls of next() wait for each other.
 */
export abstract class Iteration<T> implements AsyncIterableIterator<T>, Waiter {
  protected readonly consumer: Consumer;
  readonly #holds: Hold[] = [];
  readonly #requests: ((result: Result<T>) => void)[] = [];
  #running = false;
  #ended = false;

  constructor(consumer: Consumer) {
    this.consumer = consumer;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result<T>> {
    try {
      if (!this.#running) this.#begin();
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.#ended) return end();
    this.consume();
    const value = this.take() ?? (this.consumer.claimMore() ? this.take() : undefined);
    if (value !== undefined) return result(value);
    if (this.consumer.closed) return this.return();
    return new Promise((resolve) => {
      this.#requests.push(resolve);
      this.consumer.wait(this);
    });
  }

  return(): Promise<Result<T>> {
    this.#finish();
    return end();
  }

  throw(error?: unknown): Promise<Result<T>> {
    this.#finish();
    return Promise.reject(error);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#finish();
  }

  serve(): boolean {
    const value = this.take();
    if (value === undefined) return false;
    this.#requests.shift()?.({ value, done: false });
    return true;
  }

  end(): void {
    this.#running = false;
    this.#ended = true;
    abandoned.unregister(this);
    for (const resolve of this.#requests.splice(0)) resolve({ value: undefined, done: true });
  }

  /** What the consumer asks for next: undefined if there is nothing. */
  protected abstract take(): T | undefined;

  /** The consumer asks for more: what it was given before is consumed. */
  protected abstract consume(): void;

  /** Its run is released, or the unseen part handed back, when the loop ends in whatever way. */
  protected newCursor(lent: boolean): EventCursor {
    const { claims, registry, ring } = this.consumer;
    const cursor = new EventCursor(ring, registry, lent);
    this.#holds.push(cursor);
    if (this.#running) claims.holds.add(cursor);
    return cursor;
  }

  protected get holds(): readonly Hold[] {
    return this.#holds;
  }

  #begin(): void {
    const { consumer } = this;
    if (consumer.closed) this.#ended = true;
    if (this.#ended) return;
    consumer.enter();
    this.#running = true;
    for (const hold of this.#holds) consumer.claims.holds.add(hold);
    abandoned.register(this, { consumer, holds: this.#holds }, this);
  }

  #finish(): void {
    const running = this.#running;
    this.end();
    if (!running || this.consumer.closed) return;
    letGo(this.consumer, this.#holds);
    this.consumer.forget(this);
    this.consumer.leave();
  }
}
