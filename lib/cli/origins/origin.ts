import type { EventStream, Observer, Unsubscribable } from '../../streams/event_stream.js';

/** One thing that happened, ready to be shown. */
export interface Occurrence {
  /** For people. */
  readonly text: string;
  /** For programs: what goes into the JSON line besides time and source. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** What can be watched: it starts with the subscription. */
export interface Occurrences {
  subscribe(observer: Observer<Occurrence>): Unsubscribable;
}

/** A kind of source, as it is named on the command line. */
export interface Origin {
  readonly name: string;
  /** How its argument is written in the help. */
  readonly argument: string;
  readonly about: string;
  /** Whether it reads what would be the standard input of a command. */
  readonly takesInput?: (argument: string) => boolean;
  /** The signal that it is for. */
  readonly signal?: (argument: string) => string;
  /** @throws UsageError if the argument makes no sense; what cannot be watched is an error of the subscriber */
  open(argument: string): Occurrences;
}

/** A stream with what its values mean. */
export function occurrences<T>(stream: EventStream<T>, show: (value: T) => Occurrence): Occurrences {
  return {
    subscribe(observer) {
      return stream.subscribe({
        next: (value) => observer.next?.(show(value)),
        error: (error) => observer.error?.(error),
        complete: () => observer.complete?.(),
      });
    },
  };
}

/** A number that is not negative, as the whole of a text. */
export function wholeNumber(text: string): number | undefined {
  return /^\d{1,10}$/.test(text) ? Number(text) : undefined;
}
