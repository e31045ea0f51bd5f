import { KEVENT_POSIX_TIMER, KEVENT_TIMER_ABSTIME, KEVENT_TIMER_STEPPED } from '../abi/constants.js';
import type { QueueEvent } from '../queue/event.js';
import type { Queue } from '../queue/queue.js';
import { type Request, request } from '../queue/request.js';
import { posixTimerCreate, posixTimerDelete, posixTimerSettime } from '../raw/timers.js';
import type { Feed, Sink } from '../streams/source.js';
import { KeventFeed } from './kevent_feed.js';

/** What a timer says. */
export interface Tick {
  /** How many periods have passed since the value before: 1, or more if some were missed. */
  count: number;
  /** How many periods have passed in all. */
  index: number;
  /** The wall clock was set; only with `wakeOnStep`. Then `count` may be 0. */
  stepped: boolean;
}

/** When a timer fires. */
export interface Schedule {
  /** What `posixTimerCreate` takes; undefined: a TIMER kevent, which is cheaper, on CLOCK_MONOTONIC. */
  readonly clock: number | undefined;
  /** Only of a TIMER kevent. */
  readonly exact: boolean;
  /** The first time, from now on or, if `flags` say so, on its clock. Nanoseconds. */
  readonly first: bigint;
  /** 0n: only once. */
  readonly period: bigint;
  /** KEVENT_TIMER_ABSTIME, KEVENT_TIMER_CANCEL_ON_SET. */
  readonly flags: number;
}

/**
 * What becomes of periods that pass while nobody waits: `'count'` adds them to the next value, `'each'` has a value
 * for every one of them, `'skip'` forgets them.
 */
export type Missed = 'count' | 'each' | 'skip';

function timerRequest({ first, period, flags, exact }: Schedule): Request {
  const at = (flags & KEVENT_TIMER_ABSTIME) !== 0 ? first : undefined;
  if (period > 0n) return request.timer({ every: period, at, exact });
  return request.timer(at === undefined ? { after: first, exact } : { at, exact });
}

/**
 * A timer as a feed. Periods that its reader has not been told of are counted, in the kernel while it is
 * muted: a slow reader costs nothing.
 */
export class TickFeed implements Feed {
  readonly #schedule: Schedule;
  readonly #missed: Missed;
  readonly #sink: Sink<Tick>;
  readonly #handle: number;
  readonly #kevent: KeventFeed;
  #owed = 0;
  /** Periods that the next event counts too many: a TIMER kevent takes its being made ready for one. */
  #excess = 0;
  #index = 0;
  #stepped = false;
  #muted = false;
  #closed = false;

  /** @throws what `queue.add` throws; EMFILE, EAGAIN */
  constructor(queue: Queue, schedule: Schedule, missed: Missed, sink: Sink<Tick>) {
    this.#schedule = schedule;
    this.#missed = missed;
    this.#sink = sink;
    const { clock } = schedule;
    const receive = (event: QueueEvent<unknown, unknown>): void => this.#receive(event);
    if (clock === undefined) {
      this.#handle = 0;
      this.#kevent = new KeventFeed(queue, timerRequest(schedule), sink, receive);
      return;
    }
    this.#handle = posixTimerCreate(clock);
    try {
      this.#arm();
      this.#kevent = new KeventFeed(queue, request.posixTimer(this.#handle), sink, receive);
    } catch (error) {
      posixTimerDelete(this.#handle);
      throw error;
    }
  }

  mute(): void {
    this.#muted = true;
    // Who skips lets it go on: what the kernel had counted by then could not be told from what comes after.
    if (this.#missed !== 'skip') this.#kevent.mute();
  }

  unmute(): void {
    this.#muted = false;
    this.#kevent.unmute();
    const pending = this.#owed > 0 || this.#stepped;
    if (this.#missed === 'count' && pending && this.#kevent.active) {
      // What has passed since the muting is counted in the kernel: the next event adds it to what is owed. There
      // is none of its own if nothing has passed.
      this.#kevent.ready();
      if (this.#handle === 0) this.#excess = 1;
    } else {
      this.#tell();
    }
  }

  ref(): void {
    this.#kevent.ref();
  }

  unref(): void {
    this.#kevent.unref();
  }

  close(): void {
    this.#closed = true;
    this.#kevent.close();
    if (this.#handle > 0) posixTimerDelete(this.#handle);
  }

  #receive(event: QueueEvent<unknown, unknown>): void {
    this.#owed += event.data0 - this.#excess;
    this.#excess = 0;
    if (event.type === KEVENT_POSIX_TIMER && event.data1 === KEVENT_TIMER_STEPPED) {
      this.#stepped = true;
      // A timer that was cancelled while it was due does not start again by itself.
      this.#arm();
    }
    this.#tell();
  }

  /** Hands over what was not yet, as much as is taken. */
  #tell(): void {
    while (!this.#closed && (this.#owed > 0 || this.#stepped)) {
      if (this.#missed === 'each' && this.#muted) return;
      const count = this.#missed === 'each' ? Math.min(this.#owed, 1) : this.#owed;
      const tick = { count, index: this.#index + count, stepped: this.#stepped };
      // Before the push: an observer that it calls may close or mute this.
      this.#owed -= count;
      this.#index += count;
      this.#stepped = false;
      const taken = this.#sink.push(tick);
      if (taken || this.#missed === 'skip') continue;
      this.#owed += count;
      this.#index -= count;
      this.#stepped = tick.stepped;
      return;
    }
  }

  #arm(): void {
    const { first, period, flags } = this.#schedule;
    const passed = BigInt(this.#index + this.#owed);
    posixTimerSettime(this.#handle, flags, first + passed * period, period);
  }
}
