import { KEVENT_CTL_MODIFY, KEVENT_CTL_READY } from '../abi/constants.js';
import type { Dispatch } from './dispatch.js';

/**
 * A kevent that was added to a queue. It stays there until it is removed, its queue is closed, its
 * one event is delivered (ONESHOT), or its origin is gone; holding this object is not needed for that.
 */
export interface Registration<Data = unknown> {
  /** What the request carried. */
  readonly data: Data;
  /** Whether it is still registered. */
  readonly active: boolean;
  /** Its place in the queue's table: small, unique among the active ones, used again later. */
  readonly slot: number;
  /**
   * Replaces the mask and the KEVENT_REQ_* flags (none, if left out), and looks at once whether the kevent is ready.
   *
   * @throws ENOENT if it is not registered any more, EINVAL, EBADF
   */
  modify(change: { readonly event: number; readonly flags?: number }): void;
  /**
   * Makes it ready, whatever its origin says. Counted: as many calls as there were before the event
   * is delivered are its `data0`, for user events.
   *
   * @throws ENOENT if it is not registered any more
   */
  ready(): void;
  /**
   * Removes it. No event of it is seen after that, not even one that is already in the ring.
   *
   * @returns whether it was still registered
   */
  remove(): boolean;
  /** Lets it keep the process alive again while somebody waits for its events, as it does from the start. */
  ref(): this;
  /** It alone does not keep the process alive. */
  unref(): this;
}

/** What the table has of a kevent. An object of many may be its own: that takes less memory than a {@link Kevent} each. */
export interface Place {
  readonly dispatch: Dispatch;
  /** -1 before it is added. */
  readonly slot: number;
}

/** Those that are told where they are. */
export interface OwnPlace extends Place {
  slot: number;
}

/** 40 bytes: whatever else is to be known of a kevent is in typed arrays of the registry. */
export class Kevent implements Registration, Place {
  readonly dispatch: Dispatch;
  readonly slot: number;

  constructor(dispatch: Dispatch, slot: number) {
    this.dispatch = dispatch;
    this.slot = slot;
  }

  get data(): unknown {
    return undefined;
  }

  get active(): boolean {
    return this.dispatch.registry.holds(this);
  }

  modify(change: { readonly event: number; readonly flags?: number }): void {
    this.dispatch.registry.control(this, KEVENT_CTL_MODIFY, change.event, change.flags ?? 0);
  }

  ready(): void {
    this.dispatch.registry.control(this, KEVENT_CTL_READY, 0, 0);
  }

  remove(): boolean {
    return this.dispatch.registry.remove(this);
  }

  ref(): this {
    this.dispatch.registry.setRef(this, true);
    return this;
  }

  unref(): this {
    this.dispatch.registry.setRef(this, false);
    return this;
  }

  // The registry leads to every other kevent of the queue: not what one wants to see in a log.
  [Symbol.for('nodejs.util.inspect.custom')](): object {
    const { slot, active, data } = this;
    return { slot, active, data };
  }
}

/** A kevent whose request carried data: the others do not pay for the field. */
export class KeventWithData extends Kevent {
  readonly #data: unknown;

  constructor(dispatch: Dispatch, slot: number, data: unknown) {
    super(dispatch, slot);
    this.#data = data;
  }

  override get data(): unknown {
    return this.#data;
  }
}
