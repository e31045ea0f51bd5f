import { KEVENT_TIMER_ABSTIME, KEVENT_TIMER_CANCEL_ON_SET } from '../abi/constants.js';
import { invalidArgValue } from '../abi/errors.js';
import { EventStream } from '../streams/event_stream.js';
import { type Clock, type Instant, instantOn, timerClock } from './clock.js';
import { type Duration, toNanoseconds } from './duration.js';
import { checkOptions, queueOf, type SourceOptions } from './options.js';
import { type Missed, type Schedule, type Tick, TickFeed } from './tick_feed.js';

/** Options of {@link interval}. */
export interface IntervalOptions extends SourceOptions {
  /** `'monotonic'` if left out. */
  readonly clock?: Clock | undefined;
  /** `'count'` if left out. */
  readonly missed?: Missed | undefined;
  /**
   * When the first value comes, on the clock: one period from the first reading if left out. If it is in the past, a
   * value comes at once, whose count says how many periods have passed since.
   */
  readonly start?: Instant | undefined;
  /**
   * On the clock `'monotonic'`: this thread is woken sooner than a value is due, and waits for the rest on the processor,
   * for up to 0.2 ms at a time, and a sixteenth of the time in all.
   */
  readonly exact?: boolean | undefined;
  /** With `clock: 'realtime'` and `start`: a value with `stepped` comes at once when the wall clock is set. */
  readonly wakeOnStep?: boolean | undefined;
}

const MISSED: readonly unknown[] = ['count', 'each', 'skip'] satisfies Missed[];

function schedule(period: bigint, options: IntervalOptions): Schedule {
  const { clock: on = 'monotonic', start, exact = false, wakeOnStep = false } = options;
  const clock = timerClock(on, exact);
  if (wakeOnStep && (on !== 'realtime' || start === undefined)) {
    throw invalidArgValue('options.wakeOnStep', "needs a 'start' on the clock 'realtime'", wakeOnStep);
  }
  if (start === undefined) return { clock, exact, first: period, period, flags: 0 };
  const flags = KEVENT_TIMER_ABSTIME | (wakeOnStep ? KEVENT_TIMER_CANCEL_ON_SET : 0);
  return { clock, exact, first: instantOn(on, 'options.start', start), period, flags };
}

/**
 * A value every `period`, without drift: the n-th comes n periods after the first reading, or after `start`, however
 * late the ones before were. A stream of its own for each call; it starts anew when it is read anew.
 *
 * @param period - a bigint in nanoseconds, or a number of milliseconds
 * @param options - `missed`, `clock`, `start`, `exact`, `wakeOnStep`, and what every stream takes
 * @throws ERR_OUT_OF_RANGE, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE; the loop: EMFILE
 * @example
 * for await (const { count } of interval(250)) console.log(count, 'quarters of a second');
 * const minutes = interval(60_000, { clock: 'realtime', start: new Date(2030, 0, 1), missed: 'skip' });
 */
export function interval(period: Duration, options: IntervalOptions = {}): EventStream<Tick> {
  checkOptions(options);
  const { missed = 'count' } = options;
  if (!MISSED.includes(missed)) {
    throw invalidArgValue('options.missed', "must be 'count', 'each' or 'skip'", missed);
  }
  const times = schedule(toNanoseconds('period', period, 1n), options);
  const level = missed !== 'each';
  return new EventStream<Tick>(
    { level, open: (sink) => new TickFeed(queueOf(options), times, missed, sink) },
    options,
  );
}
