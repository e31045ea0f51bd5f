import { AsyncResource } from 'node:async_hooks';

import { invalidArgType, outOfRange } from '../abi/errors.js';
import { abortError } from './abort_error.js';
import { Batches } from './batches.js';
import { Loop } from './loop.js';
import type { Feed, Sink, Source } from './source.js';
import { Stream } from './stream.js';
import { Window } from './window.js';

/** What every stream takes. */
export interface StreamOptions {
  /** Aborting it ends the stream: loops throw an AbortError whose cause is the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** How many values may wait for a reader before the origin is not asked any more; 64 if left out. */
  readonly window?: number | undefined;
  /**
   * KEVENT_REQ_WAKEUP_ALL: every loop sees every value, and the slowest one slows them all. If not, loops
   * compete: each value goes to exactly one.
   */
  readonly all?: boolean | undefined;
}

/** Called with each value, as it comes. */
export interface Observer<T> {
  /** True when it has had enough, while it is being subscribed: it cannot unsubscribe yet. RxJS's have it. */
  readonly closed?: boolean;
  /** A value has come. */
  next?(value: T): void;
  /** The stream has failed: nothing comes after this. */
  error?(error: unknown): void;
  /** The stream has ended: nothing comes after this. */
  complete?(): void;
}

/** A subscription. */
export interface Unsubscribable {
  /** Nothing comes after this. Can be called more than once. */
  unsubscribe(): void;
}

/** To 'uncaughtException', but not before the other readers have had the value too. */
function throwLater(error: unknown): void {
  process.nextTick(() => {
    throw error;
  });
}

/**
 * A stream of events from a source that runs while somebody reads: it starts with the first loop or
 * subscriber, stops when the last has left, and starts again with the next.
 *
 * @example
 * for await (const { count } of interval(1_000_000_000n)) console.log(count);
 * const first = await interval(1_000_000_000n).once();
 */
export class EventStream<T> extends Stream<T> implements Sink<T> {
  readonly #source: Source<T>;
  readonly #all: boolean;
  readonly #size: number;
  readonly #signal: AbortSignal | undefined;
  /** Each reader, and the window that it reads from: its own, or the one that all compete for. */
  readonly #readers = new Map<object, Window<T>>();
  #common: Window<T>;
  #feed: Feed | undefined;
  #muted = false;
  #refed = true;
  /** Counts the times it was opened: what a source that was closed still says is not for the next. */
  #run = 0;
  readonly #onAbort = (): void => this.#finish(true, abortError(this.#signal));

  constructor(source: Source<T>, options: StreamOptions = {}) {
    super();
    const { signal, window = 64, all = false } = options;
    if (signal !== undefined && !(signal instanceof AbortSignal)) {
      throw invalidArgType('options.signal', 'an AbortSignal', signal);
    }
    if (!Number.isInteger(window) || window < 1)
      throw outOfRange('options.window', 'an integer >= 1', window);
    this.#source = source;
    this.#all = all;
    this.#size = window;
    this.#signal = signal;
    this.#common = new Window(window);
  }

  /** A loop over the stream, which joins its readers at the first `next()`: what `for await` uses. */
  [Symbol.asyncIterator](): Loop<T> {
    return new Loop(this);
  }

  /** The values as arrays: all that wait for a reader, at least one. */
  batches(): AsyncIterableIterator<T[], undefined> {
    return new Batches(this);
  }

  /** Calls an observer with each value, inside the turn that brings it. Used by RxJS. */
  subscribe(observer: Observer<T>): Unsubscribable {
    const context = new AsyncResource('KEVENT');
    const owner = {};
    let over = false;
    const leave = (): void => {
      over = true;
      this.leave(owner);
    };
    const call = <A extends unknown[]>(method: ((...args: A) => void) | undefined, ...args: A): void => {
      try {
        if (method !== undefined) context.runInAsyncScope(method, observer, ...args);
      } catch (error) {
        throwLater(error);
      }
    };
    const taker = {
      owner,
      value: (value: T): void => {
        // Behind the other subscribers again, before the observer can add more.
        this.#readers.get(owner)?.wait(taker);
        call(observer.next, value);
      },
      fail: (error: unknown): void => {
        if (over) return;
        leave();
        if (observer.error) call(observer.error, error);
        else throwLater(error);
      },
      end: (): void => {
        if (over) return;
        leave();
        call(observer.complete);
      },
    };
    try {
      const window = this.enter(owner);
      // What other readers have left there.
      while (!over && observer.closed !== true && window.length > 0) call(observer.next, window.take());
      if (!over) window.wait(taker);
      this.wants();
    } catch (error) {
      taker.fail(error);
    }
    return { unsubscribe: leave };
  }

  override '@@observable'(): this {
    return this;
  }

  /** Lets the stream keep the process alive while it is read, as it does from the start. */
  ref(): this {
    this.#refed = true;
    this.#feed?.ref();
    return this;
  }

  /** The stream alone does not keep the process alive. */
  unref(): this {
    this.#refed = false;
    this.#feed?.unref();
    return this;
  }

  /** Ends all loops and subscriptions. */
  close(): void {
    this.#finish(false, undefined);
  }

  /** Calls {@link close}: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  // ---- for readers ----

  /** Values are made while somebody waits for them, and not kept. @internal */
  get level(): boolean {
    return this.#source.level;
  }

  /** Adds a reader; the first one starts the source. Throws what the source throws. @internal */
  enter(reader: object): Window<T> {
    const known = this.#readers.get(reader);
    if (known !== undefined) return known;
    if (this.#signal?.aborted) throw abortError(this.#signal);
    const window = this.#all ? new Window<T>(this.#size) : this.#common;
    this.#readers.set(reader, window);
    if (this.#readers.size === 1) {
      try {
        this.#open();
      } catch (error) {
        this.#readers.delete(reader);
        throw error;
      }
    }
    return this.#readers.get(reader) ?? window;
  }

  /** Removes a reader; the last one stops the source. @internal */
  leave(reader: object): void {
    const window = this.#readers.get(reader);
    if (window === undefined) return;
    this.#readers.delete(reader);
    window.withdraw(reader);
    if (this.#readers.size === 0) this.#shut();
    else if (this.#all) this.#demand();
  }

  /** A reader has taken a value, or waits for one. @internal */
  wants(): void {
    if (this.#muted) this.#demand();
  }

  // ---- for the source ----

  /** @internal */
  push(value: T): boolean {
    if (this.#source.level) {
      // While it is muted, those who wait do so for a round of which the others have not had their part yet.
      if (this.#muted || !this.#isWanted()) {
        this.#mute();
        return false;
      }
    }
    if (!this.#all) {
      if (this.#common.give(value)) return true;
      this.#common.keep(value);
      if (this.#common.full) this.#mute();
      return true;
    }
    for (const window of this.#readers.values()) {
      if (window.give(value)) continue;
      // A level value that one reader takes is kept for the others: they are to see it too.
      window.keep(value);
      if (this.#source.level || window.full) this.#mute();
    }
    return true;
  }

  /** @internal */
  offer(make: () => T): boolean {
    return this.wanted() && this.push(make());
  }

  /** @internal */
  wanted(): boolean {
    if (!this.#muted && this.#isWanted()) return true;
    this.#mute();
    return false;
  }

  /** @internal */
  fail(error: unknown): void {
    this.#finish(true, error);
  }

  /** @internal */
  end(): void {
    this.#finish(false, undefined);
  }

  // ---- inside ----

  #open(): void {
    this.#run += 1;
    const run = this.#run;
    const current = (): boolean => run === this.#run;
    this.#muted = false;
    this.#signal?.addEventListener('abort', this.#onAbort, { once: true });
    try {
      const feed = this.#source.open({
        push: (value) => current() && this.push(value),
        offer: (make) => current() && this.offer(make),
        wanted: () => current() && this.wanted(),
        fail: (error) => {
          if (current()) this.fail(error);
        },
        end: () => {
          if (current()) this.end();
        },
      });
      // It may have ended while it opened.
      if (!current()) {
        feed.close();
        return;
      }
      this.#feed = feed;
    } catch (error) {
      this.#signal?.removeEventListener('abort', this.#onAbort);
      throw error;
    }
    if (!this.#refed) this.#feed.unref();
    if (this.#muted) this.#feed.mute();
  }

  #shut(): void {
    this.#run += 1;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    const feed = this.#feed;
    this.#feed = undefined;
    this.#common = new Window(this.#size);
    feed?.close();
  }

  /** Ends what the readers read from, once they have had what is there; an abort does not wait for that. */
  #finish(failed: boolean, error: unknown): void {
    const windows = new Set(this.#readers.values());
    this.#readers.clear();
    const aborted = this.#signal?.aborted === true;
    this.#shut();
    for (const window of windows) {
      if (aborted) window.discard();
      window.end(failed, error);
    }
  }

  #mute(): void {
    if (this.#muted) return;
    this.#muted = true;
    this.#feed?.mute();
  }

  #demand(): void {
    if (!this.#muted) return;
    const windows = this.#all ? this.#readers.values() : [this.#common];
    for (const window of windows) {
      if (!this.#isHungry(window)) return;
    }
    this.#muted = false;
    this.#feed?.unmute();
  }

  #isWanted(): boolean {
    if (!this.#all) return this.#common.wanted;
    for (const window of this.#readers.values()) if (window.wanted) return true;
    return false;
  }

  #isHungry(window: Window<T>): boolean {
    if (this.#source.level) return window.wanted && window.length === 0;
    // Not at each single place that becomes free: unmuting is a system call for most sources.
    return window.length * 2 <= window.size;
  }
}
