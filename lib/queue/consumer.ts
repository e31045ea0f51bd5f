import { binding } from '../abi/binding.js';
import { systemError } from '../abi/errors.js';
import { type Attachment, CONTROL_COUNT, CONTROL_WANT } from '../abi/handles.js';
import { Claims } from './claims.js';
import type { RingView } from './event_cursor.js';
import type { Registry } from './registry.js';

/** A loop that waits for events. */
export interface Waiter {
  /** There are events: take some. False if there was none for it after all. */
  serve(): boolean;
  /** There will be none any more. */
  end(): void;
}

/** What has to be closed when a queue becomes garbage; it must not lead to the queue itself. */
export interface Remains {
  attachment: Attachment | undefined;
}

/**
 * Claims made by loops outside a turn before the event loop gets its turn: without a limit, a loop that
 * never awaits anything else, fed by another thread, would starve timers and sockets.
 */
const MOST_CLAIMS = 4;

/**
 * How native code finds a consumer. Weakly, so that a queue which nobody uses any more becomes garbage although it is
 * attached; but not while there is somebody to deliver to: a WeakRef that is followed costs each turn more than the rest
 * of what is done here.
 */
interface Link {
  readonly weak: WeakRef<Consumer>;
  delivering: Consumer | undefined;
}

/**
 * This thread's share of a queue: attached to the event loop while there is somebody to deliver to,
 * a handler or a loop. Otherwise it asks nobody for events, and they stay where they come from.
 */
export class Consumer {
  readonly claims: Claims;
  readonly ring: RingView;
  readonly registry: Registry;
  readonly #remains: Remains;
  readonly #link: Link = { weak: new WeakRef(this), delivering: undefined };
  readonly #onLost: () => void;
  readonly #waiting: Waiter[] = [];
  #loops = 0;
  #claimed = 0;
  #started = false;
  #holdsProcess = false;
  #mayHoldProcess = true;
  #closed = false;
  readonly #onTick = (): void => {
    this.#claimed = 0;
  };

  /**
   * @param onLost - called when the queue turns out to have been closed by another thread
   */
  constructor(ring: RingView, registry: Registry, remains: Remains, onLost: () => void) {
    this.ring = ring;
    this.registry = registry;
    this.claims = new Claims(ring, registry);
    this.#remains = remains;
    this.#onLost = onLost;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Whether the queue as a whole may keep the process alive. */
  set mayHoldProcess(may: boolean) {
    this.#mayHoldProcess = may;
    this.update();
  }

  /** Whether there is one loop and no other. */
  get oneLoop(): boolean {
    return this.#loops === 1;
  }

  /** A loop begins. @throws SystemError if the queue cannot be attached */
  enter(): void {
    this.attach();
    this.#loops += 1;
    this.claims.takeBack();
    this.update();
  }

  /** A loop has ended. */
  leave(): void {
    this.#loops -= 1;
    this.#serve();
    this.update();
  }

  /** Becomes a consumer of the ring, if it is not one yet. @throws SystemError */
  attach(): void {
    if (this.#remains.attachment !== undefined) return;
    const link = this.#link;
    const attachment = new (binding().Attachment)(this.ring.fd, this.claims.control, () =>
      (link.delivering ?? link.weak.deref())?.turn(),
    );
    const result = attachment.open();
    if (result < 0) throw systemError(result, 'kevent_consumer_open');
    this.#remains.attachment = attachment;
    this.claims.attach(attachment);
  }

  /**
   * Outside a turn: claims what has come already. False if there is nothing, or it will come by
   * itself soon.
   */
  claimMore(): boolean {
    const { claims, registry } = this;
    const { attachment } = this.#remains;
    if (attachment === undefined || claims.inTurn || this.#waiting.length > 0) return false;
    // Handlers are called from the event loop only, never from within next().
    if (registry.handled > 0 || this.#claimed === MOST_CLAIMS) {
      attachment.start();
      return false;
    }
    this.#claimed += 1;
    // Not at the first: that is one tick for several loops that find what they want at once.
    if (this.#claimed === MOST_CLAIMS) process.nextTick(this.#onTick);
    claims.finishLate();
    const count = attachment.claim(this.ring.size);
    if (count < 0) this.#onLost();
    if (count <= 0) return false;
    claims.takeIn();
    return claims.backlog.hasMore;
  }

  wait(waiter: Waiter): void {
    const { claims } = this;
    claims.finishLate();
    this.#waiting.push(waiter);
    this.#start();
    claims.control[CONTROL_WANT] = 1;
    // A run of which some is held ends the turn; what comes behind it would not be looked at.
    if (claims.inTurn && !claims.backlog.isEmpty) this.#remains.attachment?.start();
  }

  /** A loop ends while it waits. */
  forget(waiter: Waiter): void {
    if (this.#waiting.length === 0) return;
    const rest = this.#waiting.filter((other) => other !== waiter);
    this.#waiting.length = 0;
    this.#waiting.push(...rest);
  }

  /** Does what follows from who is there to deliver to, and which kevents are ref'ed. */
  update(): void {
    // What a handler does is looked at when all have been called.
    if (this.#closed || this.claims.walking) return;
    const { handled, refed, refedHandled, shared } = this.registry;
    const loops = this.#loops;
    if (handled > 0 || loops > 0) {
      this.attach();
      this.#deliver(true);
      if (handled > 0) this.#start();
    } else {
      this.#rest(shared);
      this.#deliver(false);
    }
    // On a shared queue, the events that a loop waits for are other threads' too.
    const holds = refedHandled > 0 || (loops > 0 && (refed > 0 || shared));
    this.#holdProcess(holds && this.#mayHoldProcess);
    this.#setWant();
  }

  /** Ends all loops and the attachment. */
  close(): void {
    if (this.#closed) return;
    this.#detach();
    this.#closed = true;
    this.#deliver(false);
    for (const waiter of this.#waiting.splice(0)) waiter.end();
  }

  /** What the event loop calls for each run of slots. */
  turn(): void {
    const { claims } = this;
    if ((claims.control[CONTROL_COUNT] ?? 0) < 0) {
      this.#onLost();
      return;
    }
    claims.takeIn();
    if (this.#closed) return;
    this.#serve();
    this.update();
    // As in wait(): handlers want what comes behind a run of which some is held.
    if (this.registry.handled > 0 && !claims.backlog.isEmpty) this.#remains.attachment?.start();
  }

  /** What follows for the others is looked at by update(). */
  #serve(): void {
    const { backlog } = this.claims;
    while (backlog.hasMore) {
      if (this.#waiting[0]?.serve() !== true) break;
      this.#waiting.shift();
    }
  }

  #setWant(): void {
    this.claims.control[CONTROL_WANT] = this.registry.handled > 0 || this.#waiting.length > 0 ? 1 : 0;
  }

  /** Lets turns happen. A loop that finds what it wants in the ring never needs them. */
  #start(): void {
    if (this.#started) return;
    this.#remains.attachment?.start();
    this.#started = true;
  }

  /** Nobody to deliver to: costs nothing, and on a shared queue keeps nothing from the other threads. */
  #rest(shared: boolean): void {
    if (shared) this.#detach();
    if (!this.#started) return;
    this.#remains.attachment?.stop();
    this.#started = false;
  }

  #deliver(deliver: boolean): void {
    this.#link.delivering = deliver ? this : undefined;
  }

  #detach(): void {
    const { attachment } = this.#remains;
    if (attachment === undefined) return;
    this.claims.detach();
    attachment.close();
    this.#remains.attachment = undefined;
    this.#started = this.#holdsProcess = false;
  }

  #holdProcess(hold: boolean): void {
    if (hold === this.#holdsProcess) return;
    this.#holdsProcess = hold;
    if (hold) this.#remains.attachment?.ref();
    else this.#remains.attachment?.unref();
  }
}
