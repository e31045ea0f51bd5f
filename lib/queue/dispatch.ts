import { AsyncResource } from 'node:async_hooks';

import { NOT_NUMBERED } from './dispatch_numbers.js';
import type { QueueEvent } from './event.js';
import type { Registry } from './registry.js';

/** Called with each event of a kevent. The event is reused: it is good only until the handler returns. */
export type Handler<Data = unknown, Payload = unknown> = (event: QueueEvent<Data, Payload>) => void;

/** A handler that was bound by `queue.handler`, for as many kevents as one likes. */
export interface BoundHandler<Data = unknown, Payload = unknown> {
  /** The function that was bound. */
  readonly handler: Handler<Data, Payload> | undefined;
}

/** How {@link Queue.handler} calls its handler. */
export interface HandlerOptions {
  /**
   * Whether the handler is called in the AsyncLocalStorage context in which it was bound; true if left out. `false`
   * is for a handler that enters contexts of its own, such as one that has many connections: it saves about 100 ns
   * an event.
   */
  readonly context?: boolean;
}

/**
 * Where the events of some kevents go: to a handler in the async context of the one who gave it, or, without
 * a handler, to the loops over the queue. Shared by all kevents that are added in one call or with one bound
 * handler, so that a kevent costs one reference for its registry, handler and context together.
 */
export class Dispatch implements BoundHandler {
  readonly registry: Registry;
  readonly handler: Handler | undefined;
  readonly #context: AsyncResource | undefined;
  /** Of {@link DispatchNumbers}. */
  number = NOT_NUMBERED;
  /** How many there are with this handler. */
  kevents = 0;

  constructor(registry: Registry, handler: Handler | undefined, context = true) {
    this.registry = registry;
    this.handler = handler;
    // Node.js does not carry AsyncLocalStorage into native callbacks (from 24 on not even by chance).
    if (handler !== undefined && context) this.#context = new AsyncResource('KEVENT');
  }

  run(event: QueueEvent): void {
    const { handler } = this;
    if (handler === undefined) return;
    if (this.#context === undefined) handler(event);
    else this.#context.runInAsyncScope(handler, undefined, event);
  }
}
