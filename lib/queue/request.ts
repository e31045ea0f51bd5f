import {
  KEVENT_MASK_EMPTY,
  KEVENT_PIPE,
  KEVENT_POLL,
  KEVENT_POLL_POLLIN,
  KEVENT_POLL_POLLOUT,
  KEVENT_POSIX_TIMER,
  KEVENT_REQ_ET,
  KEVENT_REQ_ONESHOT,
  KEVENT_REQ_READY,
  KEVENT_SIGNAL,
  KEVENT_SIGNAL_DELIVERY,
  KEVENT_SIGNAL_NOMASK,
  KEVENT_SOCKET,
  KEVENT_SOCKET_ACCEPT,
  KEVENT_SOCKET_RECV,
  KEVENT_SOCKET_SEND,
  KEVENT_TIMER,
  KEVENT_TIMER_EXACT,
  KEVENT_TIMER_FIRED,
  KEVENT_TIMER_FIRST,
  KEVENT_UNOTIFY,
} from '../abi/constants.js';
import { invalidArgType, invalidArgValue, outOfRange } from '../abi/errors.js';
import type { SignalRecord } from '../abi/payload.js';
import type { Id, Words } from '../abi/ukevent.js';
import { signalNumber } from './signal_number.js';

/** Only in types: what `event.payload()` of a request's events returns. */
declare const payloadType: unique symbol;

/**
 * What a kevent is asked for with. The builders in {@link request} make the usual ones; any object
 * of this shape will do.
 */
export interface Request<Data = unknown, Payload = unknown> {
  /** KEVENT_SOCKET, KEVENT_TIMER … */
  readonly type: number;
  /** What is watched: an fd, a signal number, `[seconds, nanoseconds]`; see the type. */
  readonly id: Id;
  /** Which of the type's events: a mask. */
  readonly event: number;
  /** KEVENT_REQ_* bits. KEVENT_REQ_ALWAYS_QUEUE is always added: every event comes through the ring. */
  readonly flags?: number;
  /** What `event` needs besides: with KEVENT_TIMER_FIRST the time, nanoseconds of CLOCK_MONOTONIC. */
  readonly argument?: bigint;
  /** Anything of yours; every event of the kevent carries it. */
  readonly data?: Data;
  /** Only in types. @internal */
  readonly [payloadType]?: Payload;
}

/** What every builder takes besides. */
export interface RequestOptions<Data = undefined> {
  /** KEVENT_REQ_ONESHOT: one event, then the kevent is gone. */
  readonly once?: boolean;
  /** KEVENT_REQ_ET: one event for each new readiness, instead of as long as it lasts. */
  readonly edge?: boolean;
  /** More KEVENT_REQ_* bits, such as KEVENT_REQ_WAKEUP_ALL. */
  readonly flags?: number;
  /** Anything of yours; every event of the kevent carries it. */
  readonly data?: Data;
}

/** Nanoseconds: a bigint, or an integer of at most 2^53 - 1. */
export type Nanoseconds = bigint | number;

/** A timer fires again and again `every` so often, once `after` that time, or once `at` a time. */
export type TimerOptions<Data = undefined> = RequestOptions<Data> & {
  /**
   * Whoever waits for it is woken sooner than it is due, and waits for the rest on the processor: for up to 0.2 ms at a
   * time, and a sixteenth of the time in all.
   */
  readonly exact?: boolean;
} & (
    | {
        /** The period, at least 1. */
        readonly every: Nanoseconds;
        /** Not with `every`. */
        readonly after?: undefined;
        /** When it fires first: nanoseconds of CLOCK_MONOTONIC, as `process.hrtime.bigint()`. One period from now if left out. */
        readonly at?: bigint | undefined;
      }
    | {
        /** From now on until it fires, once. */
        readonly after: Nanoseconds;
        /** Not with `after`. */
        readonly every?: undefined;
        /** Not with `after`. */
        readonly at?: undefined;
      }
    | {
        /** When it fires, once: nanoseconds of CLOCK_MONOTONIC, as `process.hrtime.bigint()`. At once if that is past. */
        readonly at: bigint;
        /** Not with `at` alone. */
        readonly every?: undefined;
        /** Not with `at`. */
        readonly after?: undefined;
      }
  );

const SECOND = 1_000_000_000;
const NO_SPAN: Words = [0, 0];

const READINESS: Readonly<Record<string, number>> = {
  recv: KEVENT_SOCKET_RECV,
  accept: KEVENT_SOCKET_ACCEPT,
  send: KEVENT_SOCKET_SEND,
};

function build<Data, Payload>(
  type: number,
  id: Id,
  event: number,
  options: RequestOptions<Data> | undefined,
  more = 0,
): Request<Data, Payload> {
  if (options === undefined) return { type, id, event, flags: more };
  const { once, edge, flags = 0, data } = options;
  const all = flags | more | (once === true ? KEVENT_REQ_ONESHOT : 0) | (edge === true ? KEVENT_REQ_ET : 0);
  if (data === undefined) return { type, id, event, flags: all };
  return { type, id, event, flags: all, data };
}

function checkFd(fd: number): void {
  if (typeof fd !== 'number') throw invalidArgType('fd', 'of type number', fd);
  if (!Number.isInteger(fd) || fd < 0 || fd > 0x7fffffff) {
    throw outOfRange('fd', 'an integer >= 0 and <= 2147483647', fd);
  }
}

function readiness(wanted: string | number): number {
  if (typeof wanted === 'number') return wanted;
  const mask = READINESS[wanted];
  if (mask !== undefined) return mask;
  throw invalidArgValue(
    'event',
    "must be 'recv', 'accept', 'send' or a mask of KEVENT_SOCKET_* bits",
    wanted,
  );
}

function span(name: string, value: Nanoseconds, least: number): Words {
  if (typeof value === 'number') {
    if (Number.isSafeInteger(value) && value >= least && value < 0x100000000 * SECOND) {
      const seconds = Math.floor(value / SECOND);
      return [seconds, value - seconds * SECOND];
    }
  } else if (typeof value === 'bigint') {
    if (value >= BigInt(least) && value < 0x100000000n * BigInt(SECOND)) {
      return [Number(value / BigInt(SECOND)), Number(value % BigInt(SECOND))];
    }
  } else {
    throw invalidArgType(name, 'nanoseconds: a bigint or a number', value);
  }
  throw outOfRange(name, `an integer of nanoseconds >= ${least} and < 2 ** 32 seconds`, value);
}

/** At least 1: 0 would be a time that is not said. */
function instant(name: string, value: bigint): bigint {
  if (typeof value !== 'bigint') throw invalidArgType(name, 'nanoseconds: a bigint', value);
  if (BigInt.asUintN(64, value) !== value) throw outOfRange(name, 'a bigint >= 0n and < 2n ** 64n', value);
  return value > 0n ? value : 1n;
}

/**
 * Builders of the usual requests. They only check their arguments: whether an fd is open and of the
 * right kind is found out when the request is added.
 *
 * @example
 * queue.add(request.timer({ every: 1_000_000_000n }), () => console.log('a second'));
 * queue.add(request.signal('SIGINT', { exclusive: true }), () => queue.close());
 */
export const request = {
  /**
   * A monotonic timer: `{ every }`, periodic and without drift, perhaps from a time `at` on; or once, `{ after }` or
   * `{ at }`. Its event's `data0` is how many periods have passed since the last event, `data1` the time of the last
   * one, in milliseconds of CLOCK_MONOTONIC, modulo 2^32.
   */
  timer<Data = undefined>(options: TimerOptions<Data>): Request<Data, undefined> {
    const { every, after, at, exact } = options;
    if (after !== undefined && (every !== undefined || at !== undefined)) {
      throw invalidArgValue('options', "must have either 'after', or 'every' or 'at'", options);
    }
    const mask = KEVENT_TIMER_FIRED | (exact === true ? KEVENT_TIMER_EXACT : 0);
    const once = every === undefined ? KEVENT_REQ_ONESHOT : 0;
    if (at === undefined) {
      const id = every !== undefined ? span('options.every', every, 1) : span('options.after', after, 0);
      return build(KEVENT_TIMER, id, mask, options, once);
    }
    const id = every !== undefined ? span('options.every', every, 1) : NO_SPAN;
    return {
      ...build<Data, undefined>(KEVENT_TIMER, id, mask | KEVENT_TIMER_FIRST, options, once),
      argument: instant('options.at', at),
    };
  },

  /**
   * A timer made by `posixTimerCreate` of 'kevent/raw', which also arms it. `data0` counts
   * expirations; `data1` is KEVENT_TIMER_STEPPED if the clock was set.
   */
  posixTimer<Data = undefined>(handle: number, options?: RequestOptions<Data>): Request<Data, undefined> {
    return build(KEVENT_POSIX_TIMER, handle, KEVENT_TIMER_FIRED, options);
  },

  /**
   * A signal, by name (`'SIGUSR1'`, `'SIGRTMIN+3'`) or number. `data0` counts them; `payload()` says who
   * sent each. Listeners of `process` hear it too, and the default action is taken where there is none,
   * unless `exclusive` (KEVENT_SIGNAL_NOMASK): then it is delivered here and nowhere else.
   */
  signal<Data = undefined>(
    signal: string | number,
    options?: RequestOptions<Data> & { readonly exclusive?: boolean },
  ): Request<Data, SignalRecord[]> {
    const signo = signalNumber(signal);
    const id = options?.exclusive === true ? BigInt(signo) | KEVENT_SIGNAL_NOMASK : signo;
    return build(KEVENT_SIGNAL, id, KEVENT_SIGNAL_DELIVERY, options);
  },

  /**
   * Readiness of a socket: something to receive (`'recv'`), a connection to accept, room to send, or
   * several as a mask of KEVENT_SOCKET_* bits. `data0` says what is ready.
   */
  socket<Data = undefined>(
    fd: number,
    event: 'recv' | 'accept' | 'send' | number,
    options?: RequestOptions<Data>,
  ): Request<Data, undefined> {
    checkFd(fd);
    return build(KEVENT_SOCKET, fd, readiness(event), options);
  },

  /** Readiness of a pipe or FIFO. Its end is an event too: `data0` has KEVENT_SOCKET_HUP. */
  pipe<Data = undefined>(
    fd: number,
    event: 'recv' | 'send' | number,
    options?: RequestOptions<Data>,
  ): Request<Data, undefined> {
    checkFd(fd);
    return build(KEVENT_PIPE, fd, readiness(event), options);
  },

  /**
   * poll(2) events of any fd that can be polled: an eventfd, a pidfd, a terminal, another queue.
   * `event` is `'in'`, `'out'` or a mask of KEVENT_POLL_* bits; `data0` is poll's revents.
   */
  poll<Data = undefined>(
    fd: number,
    event: 'in' | 'out' | number,
    options?: RequestOptions<Data>,
  ): Request<Data, undefined> {
    checkFd(fd);
    const mask = event === 'in' ? KEVENT_POLL_POLLIN : event === 'out' ? KEVENT_POLL_POLLOUT : event;
    if (typeof mask !== 'number') {
      throw invalidArgValue('event', "must be 'in', 'out' or a mask of KEVENT_POLL_* bits", event);
    }
    return build(KEVENT_POLL, fd, mask, options);
  },

  /**
   * An event of your own: happens when `registration.ready()` is called, by any thread that calls
   * `kevent_ctl` with KEVENT_CTL_READY, or, with `ready`, at once. `data0` counts how often.
   */
  user<Data = undefined>(
    id: Id = 0,
    options?: RequestOptions<Data> & { readonly ready?: boolean },
  ): Request<Data, undefined> {
    const more = options?.ready === true ? KEVENT_REQ_READY : 0;
    return build(KEVENT_UNOTIFY, id, KEVENT_MASK_EMPTY, options, more);
  },
} as const;
