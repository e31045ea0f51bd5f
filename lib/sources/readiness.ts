import {
  KEVENT_POLL_POLLERR,
  KEVENT_POLL_POLLHUP,
  KEVENT_POLL_POLLIN,
  KEVENT_POLL_POLLOUT,
  KEVENT_POLL_POLLRDHUP,
  KEVENT_REQ_WAKEUP_ALL,
} from '../abi/constants.js';
import { invalidArgValue } from '../abi/errors.js';
import { request } from '../queue/request.js';
import { EventStream } from '../streams/event_stream.js';
import { type Descriptor, toFd } from './descriptor.js';
import { KeventFeed } from './kevent_feed.js';
import { checkOptions, queueOf, type SourceOptions } from './options.js';

/** Options of {@link poll}, {@link readable} and {@link writable}. */
export interface ReadinessOptions extends SourceOptions {
  /**
   * KEVENT_REQ_ET: one value for each new readiness, instead of as long as it lasts. Edges that come while one
   * waits for the reader are one; after that pause the fd is looked at anew, so a value can be about what the
   * reader has dealt with meanwhile.
   */
  readonly edge?: boolean | undefined;
}

/** What an fd is ready for. */
export interface Readiness {
  /** The file descriptor, as it was given. */
  fd: number;
  /** There is something to read, or the end of it. */
  readable: boolean;
  /** There is room to write. */
  writable: boolean;
  /** The other side has closed, or will write no more. There may still be something to read. */
  ended: boolean;
  /** An error is pending: the next read or write reports it. */
  failed: boolean;
  /** All that poll(2) says: KEVENT_POLL_* bits. */
  revents: number;
}

function toMask(events: 'in' | 'out' | number): number {
  if (events === 'in') return KEVENT_POLL_POLLIN;
  if (events === 'out') return KEVENT_POLL_POLLOUT;
  if (typeof events === 'number' && Number.isInteger(events) && events > 0 && events <= 0xffff) return events;
  throw invalidArgValue('events', "must be 'in', 'out' or a mask of KEVENT_POLL_* bits", events);
}

/**
 * Whenever an fd is ready for what was asked. As long as that lasts there is another value for each `next()`: a loop
 * that does not read, or write, what it was told of goes round at once. With `edge` there is one value for
 * each change. Nothing is buffered: while nobody waits, the kernel is not asked.
 *
 * @param fd - anything that can be polled, or an object that has such an fd
 * @param events - `'in'`, `'out'` or a mask of KEVENT_POLL_* bits
 * @param options - `edge`, and what every stream takes
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE; the loop: EBADF, EPERM (a regular file or a directory)
 * @example
 * for await (const { revents } of poll(fd, KEVENT_POLL_POLLIN | KEVENT_POLL_POLLPRI)) console.log(revents);
 * const { writable } = await poll(socket, 'out').once();
 */
export function poll(
  fd: Descriptor,
  events: 'in' | 'out' | number,
  options: ReadinessOptions = {},
): EventStream<Readiness> {
  checkOptions(options);
  const number = toFd('fd', fd);
  const { edge = false, all = false, window = 1 } = options;
  const flags = all ? KEVENT_REQ_WAKEUP_ALL : 0;
  const asked = request.poll(number, toMask(events), { edge, flags });
  return new EventStream<Readiness>(
    {
      level: !edge,
      open: (sink) =>
        new KeventFeed(queueOf(options), asked, sink, ({ data0: revents }) => {
          sink.push({
            fd: number,
            readable: (revents & (KEVENT_POLL_POLLIN | KEVENT_POLL_POLLHUP)) !== 0,
            writable: (revents & KEVENT_POLL_POLLOUT) !== 0,
            ended: (revents & (KEVENT_POLL_POLLHUP | KEVENT_POLL_POLLRDHUP)) !== 0,
            failed: (revents & KEVENT_POLL_POLLERR) !== 0,
            revents,
          });
        }),
    },
    { ...options, window },
  );
}

/**
 * Whenever an fd has something to read, its end included: as {@link poll} with KEVENT_POLL_POLLIN and POLLRDHUP.
 *
 * @param fd - anything that can be polled, or an object that has such an fd
 * @param options - `edge`, and what every stream takes
 * @throws as {@link poll}
 * @example
 * for await (const { ended } of readable(fd)) if (fs.readSync(fd, buffer) === 0 && ended) break;
 * await readable(socket).once();
 */
export function readable(fd: Descriptor, options?: ReadinessOptions): EventStream<Readiness> {
  return poll(fd, KEVENT_POLL_POLLIN | KEVENT_POLL_POLLRDHUP, options);
}

/**
 * Whenever an fd takes something to write: as {@link poll} with KEVENT_POLL_POLLOUT.
 *
 * @param fd - anything that can be polled, or an object that has such an fd
 * @param options - `edge`, and what every stream takes
 * @throws as {@link poll}
 * @example
 * for await (const _ of writable(fd)) if ((done += fs.writeSync(fd, data, done)) === data.length) break;
 * await writable(socket).once();
 */
export function writable(fd: Descriptor, options?: ReadinessOptions): EventStream<Readiness> {
  return poll(fd, KEVENT_POLL_POLLOUT, options);
}
