import { isatty } from 'node:tty';

import { KEVENT_POLL_POLLERR } from '../abi/constants.js';
import { poll } from '../sources/readiness.js';
import type { Unsubscribable } from '../streams/event_stream.js';
import { type Ending, statusOf } from './ending.js';
import { reason } from './failure.js';
import { LinesForPeople } from './lines_for_people.js';
import { LinesForPrograms } from './lines_for_programs.js';
import type { Spec } from './origins/all.js';
import type { Occurrence } from './origins/origin.js';
import { writeAll } from './output.js';
import { summary } from './summary.js';

export interface TailOptions {
  /** JSON lines or lines for people; what standard output is decides if this is left out. */
  readonly json?: boolean | undefined;
  /** It ends after so many events. */
  readonly count?: number | undefined;
}

const OUT = 1;
const ERR = 2;
const ENDING_SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

function hasColours(): boolean {
  const { NO_COLOR: none = '', TERM: terminal } = process.env;
  return none === '' && terminal !== 'dumb' && isatty(OUT);
}

/** `kevent tail`: shows what happens until all sources have ended, or somebody has had enough. */
export function tail(specs: readonly Spec[], options: TailOptions): Promise<Ending> {
  const sources = specs.map(({ text }) => text);
  const json = options.json ?? !isatty(OUT);
  const lines = json ? new LinesForPrograms() : new LinesForPeople(sources, hasColours());
  const counts = new Map(sources.map((source) => [source, 0]));
  const began = performance.now();
  const subscriptions: Unsubscribable[] = [];
  let left = options.count ?? Number.POSITIVE_INFINITY;
  let running = specs.length;

  return new Promise((resolve) => {
    let over = false;
    const finish = (ending: Ending): void => {
      if (over) return;
      over = true;
      for (const subscription of subscriptions) subscription.unsubscribe();
      for (const signal of watched) process.removeListener(signal, onSignal);
      resolve(ending);
    };
    const onSignal = (signal: NodeJS.Signals): void => {
      // Behind the ^C that the terminal shows.
      const fresh = isatty(ERR) ? '\n' : '';
      writeAll(ERR, `${fresh}${summary(counts, performance.now() - began)}`);
      finish(signal);
    };
    const show = (source: string, occurrence: Occurrence): void => {
      if (over) return;
      counts.set(source, (counts.get(source) ?? 0) + 1);
      if (!writeAll(OUT, lines.line(source, occurrence, new Date()))) finish(statusOf('SIGPIPE'));
      left -= 1;
      if (left === 0) finish(0);
    };
    const fail = (source: string, error: unknown): void => {
      if (over) return;
      writeAll(ERR, `kevent: ${source}: ${reason(error)}\n`);
      finish(1);
    };

    // Signals that are shown do not end it.
    const shown = new Set(specs.map(({ origin, argument }) => origin.signal?.(argument)));
    const watched = ENDING_SIGNALS.filter((signal) => !shown.has(signal));
    for (const signal of watched) process.on(signal, onSignal);
    // Who reads the output may go while nothing happens: then there is no write that would fail.
    const reader = poll(OUT, KEVENT_POLL_POLLERR).unref();
    subscriptions.push(
      reader.subscribe({
        next: () => finish(statusOf('SIGPIPE')),
        error: () => undefined,
      }),
    );
    for (const { text: source, occurrences } of specs) {
      try {
        const subscription = occurrences.subscribe({
          next: (occurrence) => show(source, occurrence),
          error: (error) => fail(source, error),
          complete: () => {
            running -= 1;
            if (running === 0) finish(0);
          },
        });
        if (over) subscription.unsubscribe();
        else subscriptions.push(subscription);
      } catch (error) {
        fail(source, error);
      }
    }
  });
}
