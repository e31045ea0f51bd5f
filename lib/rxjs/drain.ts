import { Observable, type ObservableInput, type ObservedValueOf, type OperatorFunction } from 'rxjs';

import { checkDrain, type DrainOptions } from './drain_options.js';
import { Workers } from './workers.js';

/**
 * Works on each value, and hands on what comes of it. As `mergeMap` with a concurrency, but work that still runs
 * holds the source: a value is asked for when there is room for its work. Meanwhile values wait in the
 * stream's window, then in the kernel, as its kind of event has it: levels are looked at again, periods counted,
 * signals and changes of files kept. Nothing piles up here.
 *
 * This holds for Observables of this module, at the beginning of the pipe or of what is merged into it; operators
 * that let values pass at once may lie between (`map`, `filter`, `scan`, `take`), and each `drain` holds
 * the ones before. Other Observables cannot be held: what they emit while all places are taken waits in an array, as
 * with `mergeMap`. So does what comes out of `delay`, `share` and others that emit at times of their own.
 *
 * The first error, of the source or of any work, ends it at once.
 *
 * @param project - a promise, Observable or iterable of results
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 * @example
 * lines(0).pipe(drain((url) => fetch(url), { concurrency: 8 })).subscribe(({ url, status }) => console.log(status, url));
 * signals('SIGHUP').pipe(drain(() => reload())).subscribe();
 */
export function drain<T, O extends ObservableInput<unknown>>(
  project: (value: T, index: number) => O,
  options: DrainOptions = {},
): OperatorFunction<T, ObservedValueOf<O>> {
  const checked = checkDrain(project, 'project', options);
  const work = project as (value: T, index: number) => ObservableInput<ObservedValueOf<O>>;
  return (source) => new Observable((subscriber) => new Workers(subscriber, work, checked).run(source));
}
