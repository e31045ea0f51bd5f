import type { Observer, Unsubscribable } from './event_stream.js';

/** What `from` of RxJS and other libraries take for an Observable. */
export interface Subscribable<T> {
  /** Calls an observer with each value. */
  subscribe(observer: Observer<T>): Unsubscribable;
  /** Itself. */
  '@@observable'(): Subscribable<T>;
}

/** The key by which libraries look for it: `Symbol.observable` where some polyfill has defined that. */
export const observableKey: symbol | '@@observable' =
  (Symbol as { readonly observable?: symbol }).observable ?? '@@observable';

/** Reads an iterable for an observer. An error that it does not take goes to 'unhandledRejection'. */
export function observable<T>(values: AsyncIterable<T>): Subscribable<T> {
  return {
    subscribe(observer) {
      const iterator = values[Symbol.asyncIterator]();
      let over = false;
      void (async () => {
        try {
          for (let result = await iterator.next(); !over; result = await iterator.next()) {
            if (result.done === true) break;
            observer.next?.(result.value);
          }
        } catch (error) {
          if (over) return;
          over = true;
          if (observer.error === undefined) throw error;
          observer.error(error);
        }
        if (!over) observer.complete?.();
        over = true;
      })();
      return {
        unsubscribe() {
          if (over) return;
          over = true;
          void iterator.return?.();
        },
      };
    },
    '@@observable'() {
      return this;
    },
  };
}
