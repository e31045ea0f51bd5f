import { Observable, type Subscriber } from 'rxjs';

import { invalidArgType } from '../abi/errors.js';
import { EventStream } from '../streams/event_stream.js';
import { currentDemand } from './demand.js';
import { iterate } from './iterating.js';
import { Reading } from './reading.js';

/**
 * An Observable of a stream. Subscribing is reading: the stream runs while somebody does, unsubscribing from it
 * leaves it, and its kevents are removed with the last reader, loops included. Several subscribers
 * compete, unless the stream has `all`: then each sees everything.
 *
 * Values are handed on as they come, inside the turn that brings them. Only {@link drain} and its like ask for them
 * one by one, also through operators in between.
 *
 * Any other async iterable will do; it is then read by a loop of its own for each subscriber.
 *
 * @throws ERR_INVALID_ARG_TYPE; what the loop would throw is the error of the subscriber
 * @example
 * const hangups = signals('SIGHUP', { all: true });
 * fromStream(hangups).pipe(debounceTime(100)).subscribe(() => reload());
 */
export function fromStream<T>(stream: AsyncIterable<T>): Observable<T> {
  if (typeof stream?.[Symbol.asyncIterator] !== 'function') {
    throw invalidArgType('stream', 'a stream or another async iterable', stream);
  }
  return new Observable<T>((subscriber) => read(stream, subscriber));
}

/** Reads a stream for a subscriber, until that is unsubscribed, with the demand of whoever subscribes just now. */
export function read<T>(stream: AsyncIterable<T>, subscriber: Subscriber<T>): void {
  const demand = currentDemand();
  if (stream instanceof EventStream) new Reading<T>(stream, subscriber, demand).start();
  else void iterate(stream, subscriber, demand);
}
