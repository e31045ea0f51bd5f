import { binding } from '../abi/binding.js';
import {
  KEVENT_INODE,
  KEVENT_INODE_DONT_FOLLOW,
  KEVENT_INODE_EXCL_UNLINK,
  KEVENT_INODE_ONLYDIR,
} from '../abi/constants.js';
import { type CodedError, invalidArgType, systemError } from '../abi/errors.js';
import type { InodeRecord } from '../abi/payload.js';
import { createRing } from '../abi/ring.js';
import { releaseSignals } from '../abi/signals.js';
import { readStatistics, type Statistics } from '../abi/statistics.js';
import type { Batch } from './batch.js';
import { Batches } from './batches.js';
import { Consumer, type Remains } from './consumer.js';
import { type BoundHandler, Dispatch, type Handler, type HandlerOptions } from './dispatch.js';
import type { QueueEvent } from './event.js';
import { Events } from './events.js';
import { checkHandle, type QueueHandle } from './queue_handle.js';
import { Kevent, type OwnPlace, type Place, type Registration } from './registration.js';
import { Registry } from './registry.js';
import type { Request, RequestOptions } from './request.js';

/** Options of a new queue. */
export interface QueueOptions {
  /** Slots of the ring, 40 bytes each: an integer from 2 to 16,777,216; 1024 if left out. */
  readonly ringSize?: number;
}

interface QueueRemains extends Remains {
  readonly fd: number;
  /** Whether the queue is this thread's alone. */
  alone: boolean;
}

const garbage = new FinalizationRegistry<QueueRemains>(({ fd, alone, attachment }) => {
  attachment?.close();
  releaseSignals(fd);
  if (alone) binding().close(fd);
});

const WATCH_ONLY = KEVENT_INODE_ONLYDIR | KEVENT_INODE_DONT_FOLLOW | KEVENT_INODE_EXCL_UNLINK;

function invalidState(message: string): CodedError {
  return Object.assign(new Error(message), { code: 'ERR_INVALID_STATE' });
}

/**
 * One queue for every kind of event, attached to this thread's event loop.
 *
 * Each event goes to the handler that was given with its kevent or, if there is none, to a loop over the
 * queue. Events come in the order of the ring; several loops on one queue, in one thread or several,
 * compete: each event goes to exactly one of them. An event that nobody takes stays in the ring; when the
 * ring is full, events stay where they come from, and nothing is lost.
 *
 * The queue keeps the process alive while it has a ref'ed kevent and somebody to deliver to: a
 * handler of a ref'ed kevent, or a loop. A queue that is shared between threads does while it has a loop.
 *
 * A queue that is not closed is when it becomes garbage, but that takes its time: use `await using`,
 * or `close`. It does not become garbage while it has a handler or a loop, or any of its registrations is in use.
 *
 * After `close`, every method that needs the queue throws an error with code ERR_INVALID_STATE.
 *
 * @example
 * await using queue = new Queue();
 * queue.add(request.timer({ every: 1_000_000_000n }));
 * for await (const batch of queue) for (const event of batch) console.log(event.data0);
 */
export class Queue implements AsyncIterable<Batch> {
  readonly #fd: number;
  readonly #ring: SharedArrayBuffer;
  readonly #ringSize: number;
  readonly #owners: SharedArrayBuffer;
  /** Whether this object made the queue, rather than joined it. */
  readonly #maker: boolean;
  readonly #registry: Registry;
  readonly #consumer: Consumer;
  readonly #toLoops: Dispatch;
  readonly #remains: QueueRemains;
  readonly #closers = new Set<() => void>();

  /**
   * @param options - of a new queue; or a handle, as for {@link Queue.from}
   * @throws ERR_OUT_OF_RANGE, EMFILE, ENOMEM; ERR_FEATURE_UNAVAILABLE_ON_PLATFORM
   */
  constructor(options: QueueOptions | QueueHandle = {}) {
    if (typeof options !== 'object' || options === null)
      throw invalidArgType('options', 'an object', options);
    this.#maker = !('fd' in options);
    if ('fd' in options) {
      checkHandle(options);
      this.#ringSize = options.ringSize;
      this.#ring = options.ring;
      this.#owners = options.owners;
      this.#fd = options.fd;
      const result = binding().share(this.#fd, new Uint8Array(this.#ring));
      if (result < 0) throw systemError(result, 'kevent_share', 'the queue of this handle is closed');
    } else {
      this.#ringSize = options.ringSize ?? 1024;
      this.#ring = createRing(this.#ringSize);
      this.#owners = new SharedArrayBuffer(4);
      this.#fd = binding().init(new Uint8Array(this.#ring), this.#ringSize, 0);
      if (this.#fd < 0) throw systemError(this.#fd, 'kevent_init');
    }
    const owner = Atomics.add(new Uint32Array(this.#owners), 0, 1);
    this.#registry = new Registry(this.#fd, this.#ringSize, owner, () => this.#consumer.update());
    this.#registry.shared = !this.#maker;
    this.#toLoops = new Dispatch(this.#registry, undefined);
    this.#remains = { fd: this.#fd, alone: this.#maker, attachment: undefined };
    const ring = { fd: this.#fd, size: this.#ringSize, words: new Uint32Array(this.#ring) };
    this.#consumer = new Consumer(ring, this.#registry, this.#remains, () => this.#end());
    garbage.register(this, this.#remains, this);
  }

  /**
   * Joins a queue of another thread, which must still be open: this thread can add kevents to it, and
   * takes its share of the events.
   *
   * @param handle - what {@link Queue.handle} returned there
   * @throws EBADF if that queue is closed; ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE
   * @example
   * const queue = Queue.from(workerData);
   * for await (const event of queue.events()) parentPort.postMessage(event.data0);
   */
  static from(handle: QueueHandle): Queue {
    checkHandle(handle);
    return new Queue(handle);
  }

  /** The queue's file descriptor: readable while events are ready. It is the queue's to close. */
  get fd(): number {
    return this.#fd;
  }

  /** Slots of the ring. */
  get ringSize(): number {
    return this.#ringSize;
  }

  /** Whether `close` was called, or the queue of a thread that has ended was. */
  get closed(): boolean {
    return this.#consumer.closed;
  }

  /**
   * Adds a kevent.
   *
   * @param handler - called with each of its events, in the AsyncLocalStorage context of this call. Capturing that
   * costs about as much as adding the kevent: loops, one `addAll` for many, and {@link Queue.handler} are cheaper.
   * @throws AddError: EBADF, EINVAL, ENOTSOCK, EPERM, ENOSPC, ENOSYS …; ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
   * @example
   * queue.add(request.socket(fd, 'recv'), (event) => console.log(event.data0));
   * const timer = queue.add(request.timer({ after: 5_000_000n, data: 'late' }));
   */
  add<Data, Payload>(
    request: Request<Data, Payload>,
    handler?: Handler<Data, Payload> | BoundHandler<Data, Payload>,
  ): Registration<Data> {
    const dispatch = this.#dispatch(handler);
    return this.#registry.add(request, dispatch) as Kevent & Registration<Data>;
  }

  /**
   * Binds a handler to the AsyncLocalStorage context of this call, once, for all the kevents that are then added with
   * it: `event.data` and `event.registration` tell them apart.
   *
   * @throws ERR_INVALID_ARG_TYPE
   * @example
   * const readable = queue.handler<Peer>((event) => event.data.read());
   * for (const peer of peers) queue.add(request.socket(peer.fd, 'recv', { data: peer }), readable);
   */
  handler<Data = unknown, Payload = unknown>(
    handler: Handler<Data, Payload>,
    { context = true }: HandlerOptions = {},
  ): BoundHandler<Data, Payload> {
    if (typeof handler !== 'function') throw invalidArgType('handler', 'a function', handler);
    if (typeof context !== 'boolean') throw invalidArgType('context', 'a boolean', context);
    this.#check();
    return new Dispatch(this.#registry, handler as Handler, context) as Dispatch &
      BoundHandler<Data, Payload>;
  }

  /**
   * Adds many kevents at once, which is cheaper. If some cannot be added, the others are.
   *
   * @throws AddAllError, which says which failed, and has the registrations of the others
   * @example
   * const timers = queue.addAll(periods.map((every) => request.timer({ every })));
   */
  addAll<Data, Payload>(
    requests: readonly Request<Data, Payload>[],
    handler?: Handler<Data, Payload> | BoundHandler<Data, Payload>,
  ): Registration<Data>[] {
    if (!Array.isArray(requests)) throw invalidArgType('requests', 'an array', requests);
    const dispatch = this.#dispatch(handler);
    return this.#registry.addAll(requests, dispatch) as (Kevent & Registration<Data>)[];
  }

  /**
   * Removes many kevents at once. Those that are not registered any more are skipped.
   *
   * @returns how many were still registered
   */
  removeAll(registrations: readonly Registration[]): number {
    this.#check();
    for (const registration of registrations) {
      if (registration instanceof Kevent && registration.dispatch.registry === this.#registry) continue;
      throw invalidArgType('registrations', "an array of this queue's registrations", registration);
    }
    return this.#registry.removeAll(registrations as readonly Kevent[]);
  }

  /**
   * Adds an INODE kevent for a path. Nothing that happens after this call is missed; what is in a directory already is
   * not reported. `data0` of its events is a mask of all that happened, `payload()` has each change with its name.
   * The last event of a path that is gone has KEVENT_INODE_IGNORED in `data0`.
   *
   * @param mask - KEVENT_INODE_* bits
   * @throws ENOENT, EACCES, ENOTDIR, ENOSPC (fs.inotify.max_user_watches), EMFILE (max_user_instances)
   * @example
   * queue.watch('/etc', KEVENT_INODE_CREATE, (event) => console.log(event.payload()[0]?.name.toString()));
   */
  watch<Data = undefined>(
    path: string | Uint8Array,
    mask: number,
    handler?: Handler<Data, InodeRecord[]> | BoundHandler<Data, InodeRecord[]>,
    options?: RequestOptions<Data>,
  ): Registration<Data> {
    if (typeof path !== 'string' && !(path instanceof Uint8Array)) {
      throw invalidArgType('path', 'a string or a Uint8Array', path);
    }
    const dispatch = this.#dispatch(handler);
    const wd = binding().inodeWatch(this.#fd, path, mask);
    if (wd < 0) throw systemError(wd, 'kevent_inode_watch', `path '${Buffer.from(path).toString()}'`);
    try {
      const request = { ...options, type: KEVENT_INODE, id: wd, event: mask & ~WATCH_ONLY };
      return this.#registry.add(request, dispatch) as Kevent & Registration<Data>;
    } catch (error) {
      binding().inodeUnwatch(this.#fd, wd);
      throw error;
    }
  }

  /**
   * The events without a handler, in batches. Asking for the next batch commits the one before: a loop
   * that takes its time holds its slots, and a full ring stops the queue from collecting more. Leaving
   * the loop hands back what was not seen.
   */
  [Symbol.asyncIterator](): AsyncIterableIterator<Batch> {
    this.#check();
    return new Batches(this.#consumer);
  }

  /**
   * The events without a handler, one by one, as objects that may be kept. Asking for the next event
   * commits the one before.
   *
   * @example
   * for await (const event of queue.events()) if (event.broken) throw event.error();
   */
  events(): AsyncIterableIterator<QueueEvent> {
    this.#check();
    return new Events(this.#consumer);
  }

  /**
   * For {@link Queue.from} in another thread. From now on each event without a handler goes to any one
   * of the threads that have a loop; an event with a handler to the thread that gave it. What a thread has claimed and
   * not consumed goes to the others when its last loop ends, and when it ends itself.
   *
   * A ONESHOT kevent whose event went to another thread stays `active` here until it is removed.
   *
   * @throws ERR_INVALID_STATE if there are kevents with handlers already: they would have to be added
   * in another way
   */
  handle(): QueueHandle {
    this.#check();
    if (!this.#registry.shared) {
      if (this.#registry.handled > 0) {
        throw invalidState('handle() must be called before kevents with handlers are added');
      }
      this.#registry.shared = true;
      this.#remains.alone = false;
      this.#consumer.update();
    }
    return { fd: this.#fd, ring: this.#ring, ringSize: this.#ringSize, owners: this.#owners };
  }

  /** @throws ERR_INVALID_STATE */
  stats(): Statistics {
    this.#check();
    this.#registry.flush();
    return readStatistics(this.#fd);
  }

  /** Lets the queue keep the process alive again; see {@link Queue} for when it does. */
  ref(): this {
    this.#consumer.mayHoldProcess = true;
    return this;
  }

  /** The queue does not keep the process alive, whatever its kevents say. */
  unref(): this {
    this.#consumer.mayHoldProcess = false;
    return this;
  }

  /**
   * Ends all loops, and removes all kevents. Events that were not consumed are gone. Can be called at
   * any time, in a handler too, and more than once.
   *
   * A queue that this thread has joined is only left: this thread's kevents are removed, and what it has not
   * consumed goes to others. It closes with the thread that made it.
   */
  close(): void {
    if (this.closed) return;
    if (!this.#maker) this.#leave();
    this.#end();
    if (this.#maker) binding().close(this.#fd);
  }

  /** Calls {@link close}: for `using`. */
  [Symbol.dispose](): void {
    this.close();
  }

  /** Calls {@link close}: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  /** Calls back when the queue is closed. @returns what takes that back @internal */
  onClose(closer: () => void): () => void {
    this.#check();
    this.#closers.add(closer);
    return () => {
      this.#closers.delete(closer);
    };
  }

  /** Whether handlers are being called. @internal */
  get inHandlers(): boolean {
    return this.#consumer.claims.walking;
  }

  /** A number for each turn of the event loop in which events are delivered. @internal */
  get turn(): number {
    return this.#consumer.claims.turn;
  }

  /** Calls back when the handlers of a turn have been called, before the ticks and microtasks they began. @internal */
  afterHandlers(callback: () => void): void {
    this.#consumer.claims.afterHandlers = callback;
  }

  /** Adds a kevent whose place in the table is an object of the caller's, with a handler of this queue. @internal */
  addPlace(request: Request, place: OwnPlace): void {
    this.#dispatch(place.dispatch);
    this.#registry.addPlace(request, place);
  }

  /**
   * The places of this thread's kevents, up to 256 from a slot on.
   *
   * @returns the slot to go on from; -1 if there is none @internal
   */
  somePlaces(from: number, visit: (place: Place) => void): number {
    return this.#registry.some(from, visit);
  }

  #dispatch<Data, Payload>(
    handler: Handler<Data, Payload> | BoundHandler<Data, Payload> | undefined,
  ): Dispatch {
    this.#check();
    if (handler === undefined) return this.#toLoops;
    const bound = handler instanceof Dispatch && handler.registry === this.#registry;
    if (!bound && typeof handler !== 'function') {
      throw invalidArgType('handler', 'a function, or what handler() of this queue returned', handler);
    }
    // Before the kevent is there: if this thread cannot be attached, nothing has been added.
    this.#consumer.attach();
    return bound ? handler : new Dispatch(this.#registry, handler as Handler);
  }

  #leave(): void {
    this.#registry.removeAll(this.#registry.kevents());
    this.#registry.flush();
  }

  #end(): void {
    this.#consumer.close();
    this.#registry.clear();
    garbage.unregister(this);
    const closers = [...this.#closers];
    this.#closers.clear();
    for (const closer of closers) closer();
  }

  #check(): void {
    if (this.closed) throw invalidState('The queue is closed');
  }
}
