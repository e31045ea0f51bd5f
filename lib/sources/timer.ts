import { KEVENT_TIMER_ABSTIME, KEVENT_TIMER_CANCEL_ON_SET } from '../abi/constants.js';
import { invalidArgType, invalidArgValue } from '../abi/errors.js';
import { EventStream } from '../streams/event_stream.js';
import { type Clock, type Instant, instantOn, timerClock } from './clock.js';
import { type Duration, toNanoseconds } from './duration.js';
import { checkOptions, queueOf, type SourceOptions } from './options.js';
import { type Schedule, type Tick, TickFeed } from './tick_feed.js';

/** Options of {@link timer}. */
export interface TimerStreamOptions extends SourceOptions {
  /** On which clock a duration passes; `'monotonic'` if left out. */
  readonly clock?: Clock | undefined;
  /** On the clock `'monotonic'`: this thread is woken sooner, and waits for the rest on the processor; see `interval`. */
  readonly exact?: boolean | undefined;
  /** For a point in time of the wall clock: a value with `stepped` comes at once when that is set, and then the timer's. */
  readonly wakeOnStep?: boolean | undefined;
}

/** A point in time on a clock; the wall clock if that is left out. */
export interface At {
  /** When. */
  readonly at: Instant;
  /** On which clock; `'realtime'` if left out. */
  readonly clock?: Clock | undefined;
}

function schedule(when: Duration | Date | At, options: TimerStreamOptions): Schedule {
  const { clock: passes = 'monotonic', exact = false, wakeOnStep = false } = options;
  if (typeof when === 'bigint' || typeof when === 'number') {
    if (wakeOnStep) {
      throw invalidArgValue('options.wakeOnStep', 'needs a point in time, not a duration', wakeOnStep);
    }
    const span = toNanoseconds('when', when, 0n);
    // To set a POSIX timer to 0 would disarm it; a TIMER kevent may be due at once.
    const clock = timerClock(passes, exact);
    const first = clock === undefined || span > 0n ? span : 1n;
    return { clock, exact, first, period: 0n, flags: 0 };
  }
  if (typeof when !== 'object' || when === null) {
    throw invalidArgType(
      'when',
      'a bigint (nanoseconds), a number (milliseconds), a Date or { at, clock }',
      when,
    );
  }
  const { at, clock: on = 'realtime' } = when instanceof Date ? { at: when } : when;
  const clock = timerClock(on, exact);
  if (wakeOnStep && on !== 'realtime') {
    throw invalidArgValue('options.wakeOnStep', "needs a point in time on the clock 'realtime'", wakeOnStep);
  }
  const flags = KEVENT_TIMER_ABSTIME | (wakeOnStep ? KEVENT_TIMER_CANCEL_ON_SET : 0);
  return { clock, exact, first: instantOn(on, 'when', at), period: 0n, flags };
}

/**
 * One value, at a time or after a time, and then the end. A Date, or an instant on `'realtime'`, is reached when the
 * wall clock says so, also if that is set meanwhile. A duration begins with each reading.
 *
 * @param when - a bigint in nanoseconds or a number of milliseconds from now on; a Date; or `{ at, clock }`
 * @param options - `clock`, `exact`, `wakeOnStep`, and what every stream takes
 * @throws ERR_OUT_OF_RANGE, ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE; the loop: EMFILE
 * @example
 * await timer(1.5).once();
 * for await (const { stepped } of timer(new Date(2030, 0, 1), { wakeOnStep: true })) console.log(stepped);
 */
export function timer(when: Duration | Date | At, options: TimerStreamOptions = {}): EventStream<Tick> {
  checkOptions(options);
  const times = schedule(when, options);
  return new EventStream<Tick>(
    {
      level: false,
      open: (sink) =>
        new TickFeed(queueOf(options), times, 'count', {
          ...sink,
          push: (tick) => {
            sink.push(tick);
            if (tick.count > 0) sink.end();
            return true;
          },
        }),
    },
    options,
  );
}
