import { deserialize, serialize } from 'node:v8';

import { type CodedError, invalidArgType, outOfRange } from '../abi/errors.js';
import { Deque } from '../streams/deque.js';
import { EventStream } from '../streams/event_stream.js';
import type { Feed, Sink } from '../streams/source.js';
import { bytesFor, ChannelMemory } from './channel_memory.js';
import { FOR_MESSAGES, FOR_ROOM, Place, wake } from './channel_place.js';
import { checkOptions, queueOf, type SourceOptions } from './options.js';

/** Options of {@link channel}. */
export interface ChannelOptions extends SourceOptions {
  /** Bytes of serialised values that may be on their way: 64 to 2^30, rounded up to a power of two; 1 MiB if left out. */
  readonly capacity?: number | undefined;
}

/** A channel as it goes to another thread of this process, by `postMessage` or `workerData`. */
export interface ChannelHandle {
  /** Where its values are on their way. */
  readonly memory: SharedArrayBuffer;
}

const CAPACITY = 1024 * 1024;
const LEAST_CAPACITY = 64;
const MOST_CAPACITY = 2 ** 30;
/** Values handed over in one go, to readers that always want more, before other kevents have their turn. */
const MOST_AT_ONCE = 1024;

function closedError(): CodedError {
  return Object.assign(new Error('The channel is closed'), { code: 'ERR_INVALID_STATE' });
}

class ChannelFeed<T> implements Feed {
  readonly #memory: ChannelMemory;
  readonly #sink: Sink<T>;
  readonly #place: Place;
  readonly #forget: () => void;
  #closed = false;

  constructor(memory: ChannelMemory, options: SourceOptions, sink: Sink<T>) {
    const queue = queueOf(options);
    this.#memory = memory;
    this.#sink = sink;
    this.#place = new Place(memory, queue, () => this.#drain());
    this.#forget = queue.onClose(() => sink.end());
    // Nobody waits yet: this mutes, so that the memory is looked at when somebody does.
    sink.wanted();
  }

  mute(): void {
    // Messages stay in the memory until they are wanted.
    this.#place.disarm(FOR_MESSAGES);
  }

  unmute(): void {
    this.#drain();
  }

  ref(): void {
    this.#place.ref();
  }

  unref(): void {
    this.#place.unref();
  }

  close(): void {
    this.#closed = true;
    this.#forget();
    this.#place.close();
    // It may have been woken for a message that it has not taken.
    if (!this.#memory.isEmpty) wake(this.#memory, FOR_MESSAGES, false);
  }

  #drain(): void {
    for (let count = 0; this.#mayTake(); count += 1) {
      if (count === MOST_AT_ONCE) {
        this.#place.ready();
        return;
      }
      const message = this.#memory.take();
      if (message === undefined) {
        if (this.#memory.isClosed) this.#sink.end();
        else if (!this.#sleep()) continue;
        return;
      }
      if (this.#memory.isHalfEmpty) wake(this.#memory, FOR_ROOM, true);
      try {
        this.#sink.push(deserialize(message) as T);
      } catch (error) {
        this.#sink.fail(error);
      }
    }
  }

  #mayTake(): boolean {
    return !this.#closed && this.#sink.wanted();
  }

  /** False if there is something after all: who put it there may not have seen that we wait. */
  #sleep(): boolean {
    this.#place.arm(FOR_MESSAGES);
    if (this.#memory.isEmpty && !this.#memory.isClosed) return true;
    this.#place.disarm(FOR_MESSAGES);
    return false;
  }
}

/** A value that waits for room. */
interface Unsent {
  readonly message: Uint8Array;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/** Values on their way from any thread to any other; see {@link channel}. */
export class Channel<T> extends EventStream<T> {
  readonly #memory: ChannelMemory;
  readonly #options: SourceOptions;
  readonly #handle: ChannelHandle;
  readonly #unsent = new Deque<Unsent>();
  #place: Place | undefined;
  #forget: (() => void) | undefined;

  /** @internal */
  constructor(handle: ChannelHandle, options: SourceOptions) {
    const memory = new ChannelMemory(handle.memory);
    super({ level: true, open: (sink) => new ChannelFeed<T>(memory, options, sink) }, options);
    this.#memory = memory;
    this.#options = options;
    this.#handle = { memory: handle.memory };
  }

  /**
   * The channel of another thread, to be sent to, or read, or both.
   *
   * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE
   * @example
   * const jobs = Channel.from<string>(workerData.jobs);
   * for await (const job of jobs) console.log(job);
   */
  static from<T>(handle: ChannelHandle, options: SourceOptions = {}): Channel<T> {
    if (typeof handle !== 'object' || handle === null) throw invalidArgType('handle', 'an object', handle);
    checkOptions(options);
    return new Channel<T>(handle, options);
  }

  /** For {@link Channel.from} in another thread: can be posted as often as one likes, and passed on. */
  handle(): ChannelHandle {
    return this.#handle;
  }

  /** Whether it was closed, by any thread. Values may still be on their way. */
  get closed(): boolean {
    return this.#memory.isClosed;
  }

  /**
   * Sends a copy of a value, as v8.serialize makes it: what structuredClone takes but for SharedArrayBuffers, ports and
   * whatever has to be transferred. Resolves when it is on its way, which is at once if there is room; values of
   * one thread arrive in the order in which they were sent. A thread that waits for room is kept alive by that.
   *
   * @throws (the promise) ERR_INVALID_STATE if the channel is closed, ERR_OUT_OF_RANGE if the value is larger than its
   * capacity, DataCloneError, EUSERS
   */
  async send(value: T): Promise<void> {
    const message = serialize(value);
    const { longest } = this.#memory;
    if (message.length > longest) {
      throw outOfRange(
        'value',
        `at most ${longest} bytes when serialised, as options.capacity allows`,
        message.length,
      );
    }
    if (this.#unsent.length === 0 && this.#put(message)) return;
    await new Promise<void>((resolve, reject) => {
      this.#unsent.push({ message, resolve, reject });
      if (this.#unsent.length === 1) this.#flush();
    });
  }

  /**
   * Closes it in all threads. Who sends after that, or waits for room, is rejected; readers get what is on its
   * way, then the end. Can be called more than once.
   */
  override close(): void {
    if (!this.#memory.close()) return;
    wake(this.#memory, FOR_MESSAGES, true);
    wake(this.#memory, FOR_ROOM, true);
    this.#flush();
  }

  /** @throws ERR_INVALID_STATE */
  #put(message: Uint8Array): boolean {
    const result = this.#memory.put(message);
    if (result === 'closed') throw closedError();
    if (result === 'sent') wake(this.#memory, FOR_MESSAGES, false);
    return result === 'sent';
  }

  /** Sends what waits, as much as there is room for. */
  #flush(): void {
    try {
      for (let first = this.#unsent.peek(); first !== undefined; first = this.#unsent.peek()) {
        if (!this.#put(first.message)) {
          this.#waitForRoom();
          // Whoever has made room before that may not have seen that we wait.
          if (!this.#put(first.message)) return;
        }
        this.#unsent.shift();
        first.resolve();
      }
    } catch (error) {
      for (const { reject } of this.#unsent.drain()) reject(error);
    }
    this.#leave();
  }

  #waitForRoom(): void {
    if (this.#place === undefined) {
      const queue = queueOf(this.#options);
      this.#place = new Place(this.#memory, queue, () => this.#flush());
      this.#forget = queue.onClose(() => {
        this.#leave();
        this.#flush();
      });
    }
    this.#place.arm(FOR_ROOM);
  }

  #leave(): void {
    this.#forget?.();
    this.#place?.close();
    this.#place = this.#forget = undefined;
  }
}

/**
 * Makes a channel: values that any thread of the process sends, and any reads. Several readers, in one thread or
 * several, compete: each value goes to exactly one. Nothing is lost and nothing comes twice; what nobody reads
 * stays where it is, and who sends more than fits waits. What a thread has received and not dealt with goes with it if it
 * is terminated.
 *
 * A reader keeps its thread alive until the channel is closed, or `unref`.
 *
 * @param options - `capacity`, and what every stream takes
 * @throws ERR_OUT_OF_RANGE
 * @example
 * const jobs = channel<string>();
 * new Worker('./worker.js', { workerData: jobs.handle() });
 * await jobs.send('first');
 */
export function channel<T>(options: ChannelOptions = {}): Channel<T> {
  checkOptions(options);
  const { capacity = CAPACITY } = options;
  if (!Number.isInteger(capacity) || capacity < LEAST_CAPACITY || capacity > MOST_CAPACITY) {
    throw outOfRange('options.capacity', `an integer >= ${LEAST_CAPACITY} and <= ${MOST_CAPACITY}`, capacity);
  }
  return new Channel<T>({ memory: new SharedArrayBuffer(bytesFor(capacity)) }, options);
}
