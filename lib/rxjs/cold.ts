import { Observable } from 'rxjs';

import type { EventStream } from '../streams/event_stream.js';
import { read } from './from_stream.js';

/**
 * An Observable that makes a stream for each subscriber, and the first one at once: what is wrong with the arguments
 * is thrown here, not given to the subscribers.
 */
export function cold<T>(make: () => EventStream<T>): Observable<T> {
  let spare: EventStream<T> | undefined = make();
  return new Observable<T>((subscriber) => {
    const stream = spare ?? make();
    spare = undefined;
    read(stream, subscriber);
  });
}
