import { binding } from '../abi/binding.js';
import { abortError, invalidArgType, systemError } from '../abi/errors.js';
import type { Deadline, Readiness } from '../abi/handles.js';
import type { Timespec } from './arguments.js';

const EAGAIN = -11;
const ENOBUFS = -105;
const RECHECK_MS = 5;

/** Options of the asynchronous twins. */
export interface AsyncOptions {
  /** Rejects the promise with an AbortError; no event is lost by that. */
  readonly signal?: AbortSignal | undefined;
}

/** The signal of the options. */
export function checkSignal(options: AsyncOptions | undefined): AbortSignal | undefined {
  if (options === undefined) return undefined;
  if (typeof options !== 'object' || options === null) throw invalidArgType('options', 'an object', options);
  const { signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal)) {
    throw invalidArgType('options.signal', 'an AbortSignal', signal);
  }
  return signal;
}

/** One call that is tried until it succeeds. */
export interface Call {
  readonly fd: number;
  readonly syscall: string;
  /** Never sleeps: -EAGAIN or -ENOBUFS if it is to be tried again. */
  attempt(): number;
  /** The last attempt, when the time is over. */
  last(): number;
  /** Whether some events are ready, but not enough: then readiness would tell us so for ever. */
  incomplete(): boolean;
}

/** A call that could not be satisfied at once, and waits in the event loop. */
class Pending {
  readonly #call: Call;
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: (result: number) => void;
  readonly #reject: (error: Error) => void;
  readonly #readiness: Readiness;
  #deadline: Deadline | undefined;
  #recheck: NodeJS.Timeout | undefined;

  constructor(
    call: Call,
    signal: AbortSignal | undefined,
    resolve: (result: number) => void,
    reject: (error: Error) => void,
  ) {
    this.#call = call;
    this.#signal = signal;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#readiness = new (binding().Readiness)(call.fd, this.#try);
  }

  start(timeout: Timespec, flags: number): void {
    this.#signal?.addEventListener('abort', this.#abort, { once: true });
    if (timeout.sec >= 0) {
      this.#deadline = new (binding().Deadline)(timeout.sec, timeout.nsec, flags, this.#over);
      const armed = this.#deadline.start();
      if (armed < 0) {
        this.#fail(armed);
        return;
      }
    }
    this.#try();
  }

  readonly #try = (): void => {
    // Armed first and tried then: what happens in between rings, and is not missed.
    let watched = !this.#call.incomplete();
    const armed = this.#readiness.start(watched);
    if (armed < 0) {
      this.#fail(armed);
      return;
    }
    const result = this.#call.attempt();
    if (result !== EAGAIN && result !== ENOBUFS) {
      this.#settle(result);
      return;
    }
    // With a full ring, or too few events, the fd stays readable: it would only keep us busy.
    const incomplete = result === EAGAIN && this.#call.incomplete();
    watched = result === EAGAIN && !incomplete;
    this.#readiness.start(watched);
    if (incomplete) this.#recheck = setTimeout(this.#try, RECHECK_MS);
  };

  readonly #over = (outcome: number): void => {
    if (outcome < 0) {
      this.#fail(outcome);
      return;
    }
    const result = this.#call.last();
    this.#settle(result === EAGAIN || result === ENOBUFS ? 0 : result);
  };

  readonly #abort = (): void => {
    this.#release();
    if (this.#signal !== undefined) this.#reject(abortError(this.#signal));
  };

  #settle(result: number): void {
    this.#release();
    this.#resolve(result);
  }

  #fail(errno: number): void {
    this.#release();
    this.#reject(systemError(errno, this.#call.syscall));
  }

  #release(): void {
    clearTimeout(this.#recheck);
    this.#readiness.close();
    this.#deadline?.close();
    this.#signal?.removeEventListener('abort', this.#abort);
  }
}

/**
 * Tries a call until it gives something else than -EAGAIN and -ENOBUFS, or the time is over: then 0, or what
 * its last attempt gave. Negative results are the caller's to throw. Keeps the process alive meanwhile.
 */
export async function untilDone(
  call: Call,
  timeout: Timespec,
  flags: number,
  signal: AbortSignal | undefined,
): Promise<number> {
  if (signal?.aborted === true) throw abortError(signal);
  const first = call.attempt();
  if (first !== EAGAIN && first !== ENOBUFS) return first;
  return new Promise<number>((resolve, reject) => {
    new Pending(call, signal, resolve, reject).start(timeout, flags);
  });
}
