import { constants } from 'node:os';
import { isMainThread } from 'node:worker_threads';

import { KEVENT_REQ_MUTED } from '../abi/constants.js';
import { invalidArgValue } from '../abi/errors.js';
import type { SignalRecord } from '../abi/payload.js';
import type { AddAllError } from '../queue/add_error.js';
import type { QueueEvent } from '../queue/event.js';
import type { Queue } from '../queue/queue.js';
import type { Registration } from '../queue/registration.js';
import { type Request, request } from '../queue/request.js';
import { signalNumber } from '../queue/signal_number.js';
import { EventStream } from '../streams/event_stream.js';
import type { Feed, Sink } from '../streams/source.js';
import { checkOptions, queueOf, type SourceOptions } from './options.js';

/** Options of {@link signals}. */
export interface SignalsOptions extends SourceOptions {
  /**
   * KEVENT_SIGNAL_NOMASK: the signals are delivered here and nowhere else, not to listeners of `process` either. If left
   * out, real-time signals are exclusive: `process` cannot listen to them, and what they do by default is
   * to end it.
   */
  readonly exclusive?: boolean | undefined;
}

/** A signal that was received. */
export interface SignalEvent extends SignalRecord {
  /** As it was asked for: `'SIGHUP'`, `'SIGRTMIN+3'`; or its usual name, if it was asked for by number. */
  signal: string;
  /** How many signals this is: more than 1 only where so many came that not all could be recorded. */
  count: number;
}

const FIRST_REAL_TIME = 34;

function nameOf(signal: string | number): string {
  if (typeof signal === 'string') return signal;
  for (const [name, number] of Object.entries(constants.signals)) if (number === signal) return name;
  return `SIGRTMIN+${signal - FIRST_REAL_TIME}`;
}

/** In place of the default action, which for most signals is to end the process. */
function nothing(): void {}

class SignalFeed implements Feed {
  readonly #requests: Request<string, SignalRecord[]>[];
  readonly #registrations: Registration<string>[];
  readonly #sink: Sink<SignalEvent>;
  readonly #listenedTo: NodeJS.Signals[] = [];
  readonly #forget: () => void;

  constructor(
    queue: Queue,
    requests: Request<string, SignalRecord[]>[],
    exclusive: boolean | undefined,
    sink: Sink<SignalEvent>,
  ) {
    this.#requests = requests;
    this.#sink = sink;
    try {
      this.#registrations = queue.addAll(requests, (event) => this.#receive(event));
    } catch (error) {
      const { registrations } = error as Partial<AddAllError>;
      for (const registration of registrations ?? []) registration?.remove();
      throw error;
    }
    this.#forget = queue.onClose(() => sink.end());
    if (exclusive === true || !isMainThread) return;
    for (const { data } of requests) {
      if (data === undefined || !Object.hasOwn(constants.signals, data)) continue;
      const signal = data as NodeJS.Signals;
      process.on(signal, nothing);
      this.#listenedTo.push(signal);
    }
  }

  mute(): void {
    this.#set(KEVENT_REQ_MUTED);
  }

  unmute(): void {
    this.#set(0);
  }

  ref(): void {
    for (const registration of this.#registrations) registration.ref();
  }

  unref(): void {
    for (const registration of this.#registrations) registration.unref();
  }

  close(): void {
    this.#forget();
    // First, so that a signal that comes in between is not taken for one that nobody handles.
    for (const registration of this.#registrations) registration.remove();
    for (const signal of this.#listenedTo) process.removeListener(signal, nothing);
  }

  #set(flags: number): void {
    this.#registrations.forEach((registration, index) => {
      const { event = 0 } = this.#requests[index] ?? {};
      if (registration.active) registration.modify({ event, flags });
    });
  }

  #receive(event: QueueEvent<string, SignalRecord[]>): void {
    if (event.broken) {
      this.#sink.fail(event.error());
      return;
    }
    const records = event.payload();
    const { data: signal, data0: total } = event;
    records.forEach((record, index) => {
      // The records are the oldest: what could not be kept came after the last of them.
      const count = index === records.length - 1 ? total - index : 1;
      this.#sink.push({ signal, ...record, count });
    });
    if (records.length > 0) return;
    const signo = signalNumber(signal);
    this.#sink.push({ signal, signo, code: 0, pid: 0, uid: 0, value: 0n, status: 0, count: total });
  }
}

/**
 * Signals, each with who sent it. Real-time signals (`'SIGRTMIN+3'`) are queued by the kernel, and each one is a
 * value; standard ones are merged by the kernel while they are pending.
 *
 * While the stream is read in the main thread, the default action is not taken, and listeners of `process` go on as
 * before. In a worker thread, which has no say in that, it is not taken if the stream is exclusive.
 *
 * @param signals - names or numbers, then the options
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE; the loop: AddAllError with EINVAL (SIGKILL and others that
 * cannot be caught)
 * @example
 * for await (const { signal, pid } of signals('SIGHUP', 'SIGTERM')) console.log(signal, 'from', pid);
 * const [job] = await signals('SIGRTMIN+3', { exclusive: true }).take(1).toArray();
 */
export function signals(
  ...signals: readonly [string | number, ...(string | number | SignalsOptions)[]]
): EventStream<SignalEvent> {
  const last = signals.at(-1);
  const options: SignalsOptions = typeof last === 'object' ? last : {};
  checkOptions(options);
  const asked = typeof last === 'object' ? signals.slice(0, -1) : signals;
  if (asked.length === 0) throw invalidArgValue('signals', 'must name at least one signal', asked);
  const { exclusive } = options;
  const byNumber = new Map<number, string>();
  for (const signal of asked as (string | number)[]) byNumber.set(signalNumber(signal), nameOf(signal));
  const requests = Array.from(byNumber, ([signo, data]) =>
    request.signal(signo, { data, exclusive: exclusive ?? signo >= FIRST_REAL_TIME }),
  );
  return new EventStream<SignalEvent>(
    { level: false, open: (sink) => new SignalFeed(queueOf(options), requests, exclusive, sink) },
    options,
  );
}
