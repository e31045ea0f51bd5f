import { signals } from '../sources/signals.js';
import type { Unsubscribable } from '../streams/event_stream.js';
import { Burst } from './burst.js';
import type { Ending } from './ending.js';
import { reason } from './failure.js';
import type { Spec } from './origins/all.js';
import { writeAll } from './output.js';
import { type Run, Runner } from './runner.js';

export interface OnOptions {
  /** Milliseconds. */
  readonly settle: number;
  /** Whether the command runs at the beginning too. */
  readonly initially: boolean;
  /** It ends after so many runs. */
  readonly count: number | undefined;
}

const ERR = 2;
const ENDING_SIGNALS: readonly string[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];
const OTHER_SIGNALS: readonly string[] = ['SIGUSR1', 'SIGUSR2'];

class Session {
  readonly #specs: readonly Spec[];
  readonly #name: string;
  readonly #runner: Runner;
  readonly #burst: Burst;
  readonly #resolve: (ending: Ending) => void;
  readonly #subscriptions: Unsubscribable[] = [];
  /** How many runs there may still be. */
  #left: number;
  /** How many sources have not ended. */
  #open: number;
  #status = 0;
  /** Set when it is to end for another reason than that all sources have. */
  #ending: Ending | undefined;

  constructor(
    specs: readonly Spec[],
    command: readonly [string, ...string[]],
    { settle, count = Number.POSITIVE_INFINITY }: OnOptions,
    resolve: (ending: Ending) => void,
  ) {
    this.#specs = specs;
    this.#name = command[0];
    this.#left = count;
    this.#open = specs.length;
    this.#resolve = resolve;
    // Two readers of one terminal or pipe would each get a part.
    const takesInput = specs.some(({ origin, argument }) => origin.takesInput?.(argument) === true);
    this.#burst = new Burst(settle, () => this.#runner.run());
    this.#runner = new Runner(command, takesInput ? 'ignore' : 'inherit', {
      onEnd: (run) => this.#ended(run),
      onIdle: () => this.#settle(),
    });
  }

  start(initially: boolean): void {
    this.#passOnSignals();
    if (initially) this.#runner.run();
    for (const { text, occurrences } of this.#specs) {
      try {
        const subscription = occurrences.subscribe({
          next: () => this.#burst.add(),
          error: (error) => this.#fail(text, error),
          complete: () => this.#sourceEnded(),
        });
        this.#subscriptions.push(subscription);
      } catch (error) {
        this.#fail(text, error);
        return;
      }
    }
  }

  #passOnSignals(): void {
    // Signals that are sources are for that only.
    const sources = new Set(this.#specs.map(({ origin, argument }) => origin.signal?.(argument)));
    const wanted = [...ENDING_SIGNALS, ...OTHER_SIGNALS].filter((signal) => !sources.has(signal));
    const [first, ...rest] = wanted;
    if (first === undefined) return;
    const stream = signals(first, ...rest, { exclusive: true }).unref();
    const subscription = stream.subscribe({
      next: ({ signal, signo, code }) => {
        // What the kernel sends, at Ctrl-C, it sends to the command itself too.
        if (code <= 0) this.#runner.signal(signo);
        if (ENDING_SIGNALS.includes(signal)) this.#end(signal as NodeJS.Signals);
      },
    });
    this.#subscriptions.push(subscription);
  }

  #sourceEnded(): void {
    this.#open -= 1;
    if (this.#open > 0) return;
    this.#burst.flush();
    this.#settle();
  }

  #fail(source: string, error: unknown): void {
    writeAll(ERR, `kevent: ${source}: ${reason(error)}\n`);
    this.#end(1);
  }

  #ended({ status, error }: Run): void {
    this.#status = status;
    this.#left -= 1;
    if (error !== undefined) {
      const why = error.code === 'ENOENT' ? 'command not found' : reason(error);
      writeAll(ERR, `kevent: ${this.#name}: ${why}\n`);
    }
    if (error !== undefined || this.#left === 0) this.#end(status);
  }

  /** No other run begins; one that runs comes to its end. */
  #end(ending: Ending): void {
    this.#ending ??= ending;
    this.#burst.clear();
    this.#runner.stop();
    this.#settle();
  }

  #settle(): void {
    if (this.#runner.running || (this.#ending === undefined && this.#open > 0)) return;
    this.#burst.clear();
    this.#runner.stop();
    for (const subscription of this.#subscriptions.splice(0)) subscription.unsubscribe();
    this.#resolve(this.#ending ?? this.#status);
  }
}

/** `kevent on`: runs a command for each burst until all sources have ended, or a signal comes. */
export function on(
  specs: readonly Spec[],
  command: readonly [string, ...string[]],
  options: OnOptions,
): Promise<Ending> {
  return new Promise((resolve) => {
    new Session(specs, command, options, resolve).start(options.initially);
  });
}
