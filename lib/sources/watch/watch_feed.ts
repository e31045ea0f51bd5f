import type { Queue } from '../../queue/queue.js';
import type { Feed, Sink } from '../../streams/source.js';
import { Group } from './group.js';
import { Records } from './records.js';
import type { Context, Found, Target } from './target.js';

/** How long the first reading of a tree may hold up the event loop; what takes longer is done in slices. Milliseconds. */
const FIRST_SLICE = 50;
const SLICE = 10;

/** Whether an event that was found by reading is of a kind that was asked for. */
export type Wanted = (event: Found) => boolean;

/**
 * Turns records into events, no more of them than the window has room for: records that come meanwhile wait in the
 * engine and in the kernel, and what is to be read is read later.
 */
export class WatchFeed implements Feed {
  readonly #sink: Sink<Found>;
  readonly #group: Group;
  readonly #records = new Records();
  readonly #context: Context;
  readonly #target: Target;
  readonly #wanted: Wanted;
  readonly #events: Generator<Found | undefined, void>;
  readonly #forget: () => void;
  /** When everything that had happened had been delivered: what is lost is lost after that. */
  #settledAt = Date.now();
  #opening = true;
  #muted = false;
  #closed = false;
  #pumping = false;
  #refed = true;
  #timer: NodeJS.Immediate | undefined;
  /** The current record's other half has not come so far. */
  #held = false;
  /** All has been read, and all records have been dealt with. */
  #idle = false;

  /**
   * @param mask - of all watches
   * @throws the errors of the root; what `queue.add` throws
   */
  constructor(
    queue: Queue,
    mask: number,
    sink: Sink<Found>,
    wanted: Wanted,
    begin: (group: Group, records: Records) => { context: Context; target: Target },
  ) {
    this.#sink = sink;
    this.#wanted = wanted;
    this.#group = new Group(
      queue,
      mask,
      (payload) => this.#deliver(payload),
      (error) => sink.fail(error),
    );
    try {
      const { context, target } = begin(this.#group, this.#records);
      this.#context = context;
      this.#target = target;
      target.open();
    } catch (error) {
      this.#group.close();
      throw error;
    }
    this.#events = this.#produce();
    this.#forget = queue.onClose(() => sink.end());
  }

  /** Reads what is there, if that is not to be told. The stream cannot mute this before it is open. */
  start(initial: boolean): void {
    if (initial) this.#later();
    else this.#pump(FIRST_SLICE);
    this.#opening = false;
  }

  mute(): void {
    this.#muted = true;
  }

  unmute(): void {
    this.#muted = false;
    this.#pump(SLICE);
  }

  ref(): void {
    this.#setRefed(true);
  }

  unref(): void {
    this.#setRefed(false);
  }

  close(): void {
    this.#closed = true;
    if (this.#timer !== undefined) clearImmediate(this.#timer);
    this.#forget();
    this.#group.close();
  }

  #setRefed(refed: boolean): void {
    this.#refed = refed;
    this.#group.refed = refed;
    if (refed) this.#timer?.ref();
    else this.#timer?.unref();
  }

  #deliver(payload: Uint8Array): void {
    if (this.#closed) return;
    const now = Date.now();
    this.#records.add(payload, this.#settledAt);
    if (this.#group.settled) this.#settledAt = now;
    this.#pump(SLICE);
  }

  /** Hands over what there is until the window is full, or the time is over. */
  #pump(milliseconds: number): void {
    if (this.#pumping || this.#closed) return;
    this.#pumping = true;
    try {
      this.#run(performance.now() + milliseconds);
    } catch (error) {
      this.#sink.fail(error);
    }
    this.#pumping = false;
    if (this.#closed) return;
    // While the other half of a rename is missing, or nothing is left, more is welcome.
    this.#group.muted = !this.#held && !this.#idle;
  }

  #run(end: number): void {
    while (!this.#muted && !this.#closed) {
      const event = this.#events.next().value ?? undefined;
      if (event !== undefined) this.#sink.push(event);
      else if (this.#held || (this.#idle && !this.#settle())) break;
      if (performance.now() < end && !(this.#opening && event !== undefined)) continue;
      this.#later();
      return;
    }
    const waits = this.#held || (this.#idle && this.#target.unsettled);
    if (!waits || this.#closed || this.#muted) return;
    this.#group.hurry();
    this.#later();
  }

  /** In a later turn: goes on, and looks whether the kernel has more. */
  #later(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setImmediate(() => {
      this.#timer = undefined;
      this.#pump(SLICE);
    });
    if (!this.#refed) this.#timer.unref();
  }

  /** Whether the other half of the current record's rename is nowhere in the tree. */
  #isAlone(): boolean {
    if (!this.#group.settled) return false;
    // This thread may have been woken by the first half, before the second one was queued.
    this.#target.finishRename();
    return this.#group.settled;
  }

  /** All that was delivered has been dealt with. Returns whether there is something to do all the same. */
  #settle(): boolean {
    if (this.#target.unsettled) this.#target.settle(this.#group.settled);
    return this.#target.busy;
  }

  /** Endless. Undefined: a good place to pause; nothing is to be done if `#held` or `#idle` say so. */
  *#produce(): Generator<Found | undefined, void> {
    const { found } = this.#context;
    for (;;) {
      if (this.#target.busy) {
        for (const event of this.#target.work()) if (event === undefined || this.#wanted(event)) yield event;
      }
      if (!this.#records.advance()) {
        this.#idle = true;
        yield undefined;
        this.#idle = false;
        continue;
      }
      for (let alone = false; !this.#target.record(alone); ) {
        alone = this.#isAlone();
        if (alone) continue;
        this.#held = true;
        yield undefined;
        this.#held = false;
      }
      for (const event of found) yield event;
      found.length = 0;
    }
  }
}
