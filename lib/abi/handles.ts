/** The three objects by which native code calls into JavaScript. Each belongs to the thread that made it. */

/** `control[POSITION]`: native writes the position of the first slot of the claimed run. */
export const CONTROL_POSITION = 0;
/**
 * `control[COUNT]`: native writes the slots of the claimed run. Negative: an errno; the queue can no
 * longer be used (-EBADF: it was closed elsewhere) and the attachment has stopped.
 */
export const CONTROL_COUNT = 1;
/** `control[FINISHED]`: JavaScript writes, during the turn, how many slots of the run it is done with. */
export const CONTROL_FINISHED = 2;
/** `control[IN_TURN]`: native writes 1 while the callback and its ticks and microtasks run. */
export const CONTROL_IN_TURN = 3;
/** `control[WANT]`: JavaScript writes 1 for "give me runs", 0 for "not now". */
export const CONTROL_WANT = 4;
/**
 * `control[PLAIN_FROM]`: native writes, with each run, from which position on no event in the ring is the last of its
 * kevent.
 */
export const CONTROL_PLAIN_FROM = 5;
/** `control[TURN]`: native counts the turns of the event loop in which it delivers. */
export const CONTROL_TURN = 6;
/** Float64 places in `control`. */
export const CONTROL_LENGTH = 8;

/**
 * A queue attached to this thread's event loop as one consumer of its ring.
 *
 * The constructor takes the queue's fd (this environment must hold the queue by `init` or `share`),
 * a `Float64Array` of CONTROL_LENGTH places over a SharedArrayBuffer (which cannot be detached under
 * native code's feet), and the callback. It throws a TypeError for wrong types; everything else is answered by `open`.
 *
 * A turn: while `control[WANT]` is 1 and the budget (16,384 events, 4 ms) lasts, a run of slots is
 * claimed, POSITION, COUNT and PLAIN_FROM are written, FINISHED is set to 0, the callback is called without
 * arguments, ticks and microtasks run, and then FINISHED slots are given back. A run that is not
 * finished wholly ends the turn: its rest is held until `finish`. If the callback throws, the
 * error goes to 'uncaughtException' and the whole run counts as finished.
 */
export interface Attachment {
  /** Becomes a consumer of the queue: its number, or a negative errno (-EALREADY: is open). Not started yet. */
  open(): number;
  /** Lets turns happen. Cheap; idempotent. 0 or a negative errno. */
  start(): number;
  /** No turns, and no collecting, until `start`. */
  stop(): number;
  /** Keeps the process alive while open. An attachment starts unref'ed. */
  ref(): number;
  unref(): number;
  /**
   * Outside a turn: claims what is in the ring now, at most `max` slots. The number claimed, 0 if
   * there is nothing (set WANT and wait for the callback), or a negative errno (-EBUSY: in a turn).
   */
  claim(max: number): number;
  /** Gives back `count` slots of a held run, from `position` on. The slots that became free, or a negative errno. */
  finish(position: number, count: number): number;
  /** Ends it; slots not finished go to other consumers. Inside the callback, FINISHED is honoured. Idempotent. */
  close(): number;
}

/**
 * Tells when a non-blocking call may succeed where it has just answered -EAGAIN or -ENOBUFS.
 */
export interface Readiness {
  /**
   * Arms it: the callback will be called once, perhaps for nothing, and never from within this call.
   * Whatever happens between the failed call and this one is not missed only if `start` came first:
   * start, then try, then wait. Keeps the process alive while armed.
   *
   * @param watchLoopFd - also watch for events (false when the ring is full: there may be plenty of them)
   */
  start(watchLoopFd: boolean): number;
  /** Disarms it. */
  stop(): number;
  ref(): number;
  unref(): number;
  /** Idempotent. */
  close(): number;
}

/**
 * A point in time on one of the clocks of KEVENT_FLAGS_*: calls back once, with 0, or with -ECANCELED
 * if KEVENT_FLAGS_CLOCK_STEP was given and the clock was set.
 */
export interface Deadline {
  /** Arms it. 0 or a negative errno (-EMFILE, -EINVAL). Keeps the process alive while armed. */
  start(): number;
  ref(): number;
  unref(): number;
  /** Idempotent. */
  close(): number;
}
