import type { ChildProcess } from 'node:child_process';
import type { Observable } from 'rxjs';

import { type AcceptsOptions, accepts as acceptsStream, type Connection } from '../sources/accepts.js';
import { type BytesOptions, bytes as bytesStream } from '../sources/bytes.js';
import { type Channel, type ChannelOptions, channel as channelStream } from '../sources/channel.js';
import type { Descriptor } from '../sources/descriptor.js';
import type { Duration } from '../sources/duration.js';
import { type IntervalOptions, interval as intervalStream } from '../sources/interval.js';
import { type LinesOptions, lines as linesStream } from '../sources/lines.js';
import type { SourceOptions } from '../sources/options.js';
import { type ProcessExit, processExit as processExitStream } from '../sources/process_exit.js';
import {
  poll as pollStream,
  type Readiness,
  type ReadinessOptions,
  readable as readableStream,
  writable as writableStream,
} from '../sources/readiness.js';
import { type SignalEvent, type SignalsOptions, signals as signalsStream } from '../sources/signals.js';
import type { Tick } from '../sources/tick_feed.js';
import { type At, type TimerStreamOptions, timer as timerStream } from '../sources/timer.js';
import type { WatchEvent } from '../sources/watch/events.js';
import { type WatchOptions, watch as watchStream } from '../sources/watch/watch.js';
import { cold } from './cold.js';
import { fromStream } from './from_stream.js';

/**
 * A value every `period`, for each subscriber from its own beginning on.
 *
 * @param period - as the stream of this name
 * @param options - as the stream of this name
 * @throws as the stream of this name
 * @example
 * interval(250).subscribe(({ count, index }) => console.log(count, index));
 */
export function interval(period: Duration, options?: IntervalOptions): Observable<Tick> {
  return cold(() => intervalStream(period, options));
}

/**
 * One value, at a time or after a time, and then the end.
 *
 * @param when - as the stream of this name
 * @param options - as the stream of this name
 * @throws as the stream of this name
 * @example
 * timer(1.5).subscribe({ complete: () => console.log('now') });
 */
export function timer(when: Duration | Date | At, options?: TimerStreamOptions): Observable<Tick> {
  return cold(() => timerStream(when, options));
}

/**
 * Signals. While there is a subscriber, the default action is not taken.
 *
 * @param signals - names or numbers, then the options
 * @throws as the stream of this name
 * @example
 * signals('SIGHUP').pipe(debounceTime(100)).subscribe(() => reload());
 */
export function signals(
  ...signals: readonly [string | number, ...(string | number | SignalsOptions)[]]
): Observable<SignalEvent> {
  return cold(() => signalsStream(...signals));
}

/**
 * Whenever an fd is ready for `events`: for each subscriber, again and again as long as that lasts, unless `edge`.
 *
 * @param fd - as the stream of this name
 * @param events - as the stream of this name
 * @param options - as the stream of this name
 * @throws as the stream of this name
 * @example
 * poll(fd, 'in', { edge: true }).subscribe(({ revents }) => console.log(revents));
 */
export function poll(
  fd: Descriptor,
  events: 'in' | 'out' | number,
  options?: ReadinessOptions,
): Observable<Readiness> {
  return cold(() => pollStream(fd, events, options));
}

/**
 * Whenever an fd has something to read, its end included.
 *
 * @param fd - as the stream of this name
 * @param options - as the stream of this name
 * @throws as the stream of this name
 * @example
 * readable(fd).pipe(drain(() => readAll(fd))).subscribe(parse);
 */
export function readable(fd: Descriptor, options?: ReadinessOptions): Observable<Readiness> {
  return cold(() => readableStream(fd, options));
}

/**
 * Whenever an fd takes something to write.
 *
 * @param fd - as the stream of this name
 * @param options - as the stream of this name
 * @throws as the stream of this name
 * @example
 * writable(socket).pipe(take(1)).subscribe(() => write());
 */
export function writable(fd: Descriptor, options?: ReadinessOptions): Observable<Readiness> {
  return cold(() => writableStream(fd, options));
}

/**
 * The end of a process, once.
 *
 * @param process - as the stream of this name
 * @param options - as the stream of this name
 * @throws as the stream of this name
 * @example
 * processExit(1234).subscribe(({ pid }) => console.log(pid, 'is gone'));
 */
export function processExit(
  process: number | ChildProcess,
  options?: SourceOptions,
): Observable<ProcessExit> {
  return cold(() => processExitStream(process, options));
}

/**
 * What happens to a file, or in a directory and, with `recursive`, in all below it: for each subscriber from its own
 * beginning on.
 *
 * @param path - as the stream of this name
 * @param options - as the stream of this name
 * @throws as the stream of this name
 * @example
 * watch('src', { recursive: true }).pipe(debounceTime(50), switchMap(build)).subscribe();
 */
export function watch(
  path: string | Uint8Array | URL,
  options?: WatchOptions & { readonly encoding?: 'utf8' | undefined },
): Observable<WatchEvent>;
/** As the other one, with paths as Buffers: for names that are not UTF-8. */
export function watch(
  path: string | Uint8Array | URL,
  options: WatchOptions & { readonly encoding: 'buffer' },
): Observable<WatchEvent<Buffer>>;
export function watch(
  path: string | Uint8Array | URL,
  options?: WatchOptions,
): Observable<WatchEvent<string | Buffer>> {
  return cold(() => watchStream(path, options));
}

/**
 * The connections that come to a listening socket. Subscribers compete: each one goes to one of them.
 *
 * @param fd - as the stream of this name
 * @param options - as the stream of this name
 * @throws as the stream of this name
 * @example
 * accepts(server).pipe(drain(({ fd }) => serve(new net.Socket({ fd })), { concurrency: 100 })).subscribe();
 */
export function accepts(fd: Descriptor, options?: AcceptsOptions): Observable<Connection> {
  return fromStream(acceptsStream(fd, options));
}

/**
 * The lines of a pipe, terminal or socket. Subscribers compete, unless `all`; what one of them has left is for
 * the next.
 *
 * @param fd - as the stream of this name
 * @param options - as the stream of this name
 * @throws as the stream of this name
 * @example
 * lines(0).pipe(bufferCount(10)).subscribe((ten) => console.log(ten));
 */
export function lines(fd: Descriptor, options?: LinesOptions): Observable<string> {
  return fromStream(linesStream(fd, options));
}

/**
 * What can be read from a pipe, terminal or socket. Subscribers compete, unless `all`.
 *
 * @param fd - as the stream of this name
 * @param options - as the stream of this name
 * @throws as the stream of this name
 * @example
 * bytes(0).pipe(map((chunk) => chunk.length), scan((sum, length) => sum + length, 0)).subscribe(console.log);
 */
export function bytes(fd: Descriptor, options?: BytesOptions): Observable<Uint8Array> {
  return fromStream(bytesStream(fd, options));
}

/** What {@link channel} returns: the values, and the way to send them. */
export interface ChannelObservable<T> extends Observable<T> {
  /** The channel: `send`, `close`, and `handle` for other threads. */
  readonly channel: Channel<T>;
}

/**
 * The values that are sent through a channel, which is its property. Subscribers compete.
 *
 * @param options - as the stream of this name
 * @throws as the stream of this name
 * @example
 * const jobs = channel<string>();
 * jobs.pipe(drain(work, { concurrency: 4 })).subscribe();
 * await jobs.channel.send('first');
 */
export function channel<T>(options?: ChannelOptions): ChannelObservable<T> {
  const values = channelStream<T>(options);
  return Object.assign(fromStream(values), { channel: values });
}
