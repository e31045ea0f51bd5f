import { KEVENT_REQ_MUTED } from '../abi/constants.js';
import type { Handler } from '../queue/dispatch.js';
import type { Queue } from '../queue/queue.js';
import type { Registration } from '../queue/registration.js';
import type { Request } from '../queue/request.js';
import type { Feed, Sink } from '../streams/source.js';

/**
 * The feed of a source that is one kevent. Muting it is one call to the engine, which goes on counting, or
 * leaves the fd alone, until it is unmuted.
 */
export class KeventFeed implements Feed {
  readonly #request: Request;
  readonly #registration: Registration;
  readonly #forget: () => void;
  #muted = false;

  /**
   * @param receive - called with each event that is not broken; one that is fails the stream
   * @throws what `queue.add` throws
   */
  constructor(queue: Queue, request: Request, sink: Sink<unknown>, receive: Handler) {
    this.#request = request;
    this.#registration = queue.add(request, (event) => {
      if (event.broken) sink.fail(event.error());
      else receive(event);
    });
    this.#forget = queue.onClose(() => sink.end());
  }

  get muted(): boolean {
    return this.#muted;
  }

  /** Whether there may be another event. */
  get active(): boolean {
    return this.#registration.active;
  }

  /** There will be an event, whatever its origin says. Only while it is active. */
  ready(): void {
    this.#registration.ready();
  }

  mute(): void {
    this.#set(true);
  }

  unmute(): void {
    this.#set(false);
  }

  ref(): void {
    this.#registration.ref();
  }

  unref(): void {
    this.#registration.unref();
  }

  close(): void {
    this.#forget();
    this.#registration.remove();
  }

  #set(muted: boolean): void {
    if (muted === this.#muted) return;
    this.#muted = muted;
    // Its last event has been delivered: there is nothing to mute.
    if (!this.#registration.active) return;
    const { event, flags = 0 } = this.#request;
    this.#registration.modify({ event, flags: muted ? flags | KEVENT_REQ_MUTED : flags });
  }
}
