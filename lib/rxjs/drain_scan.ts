import { from, Observable, type ObservableInput, type OperatorFunction, tap } from 'rxjs';

import { checkDrain } from './drain_options.js';
import { Workers } from './workers.js';

/**
 * As `mergeScan`, with the demand of {@link drain}: each value is worked on with the state that the work before
 * has left, one after the other, and every state is handed on. A value is asked for when the one before is done.
 *
 * @param accumulate - a promise, Observable or iterable of states; the last one is kept
 * @throws ERR_INVALID_ARG_TYPE
 * @example
 * lines(0).pipe(drainScan((state, line) => state.apply(line), await State.load())).subscribe(render);
 */
export function drainScan<T, S>(
  accumulate: (state: S, value: T, index: number) => ObservableInput<S>,
  seed: S,
): OperatorFunction<T, S> {
  const checked = checkDrain(accumulate, 'accumulate', {});
  return (source) =>
    new Observable((subscriber) => {
      let state = seed;
      const work = (value: T, index: number): Observable<S> =>
        from(accumulate(state, value, index)).pipe(
          tap((next) => {
            state = next;
          }),
        );
      new Workers(subscriber, work, checked).run(source);
    });
}
