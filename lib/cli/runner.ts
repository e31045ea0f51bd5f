import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';

import { statusOf } from './ending.js';

/** As shells have it. */
const NOT_FOUND = 127;
const NOT_EXECUTABLE = 126;

/** How a run ended: an exit status, or that it could not be started. */
export interface Run {
  readonly status: number;
  readonly error?: NodeJS.ErrnoException;
}

interface RunnerCallbacks {
  /** A run has ended. */
  onEnd(run: Run): void;
  /** So it has, and nobody has asked for another. */
  onIdle(): void;
}

/** Runs a command, never twice at once: who asks while it runs gets one more run, however often that is. */
export class Runner {
  readonly #command: readonly [string, ...string[]];
  readonly #stdin: 'inherit' | 'ignore';
  readonly #callbacks: RunnerCallbacks;
  #child: ChildProcess | undefined;
  #again = false;
  #stopped = false;

  constructor(
    command: readonly [string, ...string[]],
    stdin: 'inherit' | 'ignore',
    callbacks: RunnerCallbacks,
  ) {
    this.#command = command;
    this.#stdin = stdin;
    this.#callbacks = callbacks;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  run(): void {
    if (this.#stopped) return;
    if (this.#child !== undefined) {
      this.#again = true;
      return;
    }
    const [file, ...args] = this.#command;
    const child = spawn(file, args, { stdio: [this.#stdin, 'inherit', 'inherit'] });
    this.#child = child;
    child.once('error', (error: NodeJS.ErrnoException) => {
      // Also said of a signal that could not be sent: then it still runs.
      if (child.pid !== undefined) return;
      this.#ended({ status: error.code === 'ENOENT' ? NOT_FOUND : NOT_EXECUTABLE, error });
    });
    child.once('exit', (code, signal) => {
      this.#ended({ status: signal === null ? (code ?? 0) : statusOf(signal) });
    });
  }

  /** There will be no other run. */
  stop(): void {
    this.#stopped = true;
  }

  /** Sends a signal to the command, if it runs. */
  signal(number: number): void {
    const child = this.#child;
    if (child?.pid === undefined) return;
    for (const [name, known] of Object.entries(constants.signals)) {
      if (known === number) child.kill(name as NodeJS.Signals);
    }
  }

  #ended(run: Run): void {
    this.#child = undefined;
    const again = this.#again;
    this.#again = false;
    this.#callbacks.onEnd(run);
    if (again) this.run();
    if (this.#child === undefined) this.#callbacks.onIdle();
  }
}
