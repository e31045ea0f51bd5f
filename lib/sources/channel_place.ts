import { binding } from '../abi/binding.js';
import { KEVENT_CTL_READY } from '../abi/constants.js';
import { UKEVENT_WORDS } from '../abi/layout.js';
import type { Queue } from '../queue/queue.js';
import { Kevent, type Registration } from '../queue/registration.js';
import { request } from '../queue/request.js';
import {
  type ChannelMemory,
  FIRST_PLACE,
  MOST_PLACES,
  OWNERS,
  PLACE_WORDS,
  PLACES_USED,
} from './channel_memory.js';

/** What somebody waits for. */
export const FOR_MESSAGES = 2;
export const FOR_ROOM = 3;
export type Waiting = typeof FOR_MESSAGES | typeof FOR_ROOM;

/** States of a place besides these. */
const FREE = 0;
const IDLE = 1;
/** Somebody is about to wake its owner. */
const BUSY = 4;
/** Its owner could not be woken: its thread or its queue is gone. */
const DEAD = 5;

const OWNER = 1;
const FD = 2;
const ENTRY = 3;

const entry = new Uint32Array(new SharedArrayBuffer(UKEVENT_WORDS * 4));

/** Wakes one of those who wait, or all of them. */
export function wake({ words }: ChannelMemory, waiting: Waiting, all: boolean): void {
  const used = Math.min(Atomics.load(words, PLACES_USED), MOST_PLACES);
  for (let index = 0; index < used; index += 1) {
    const place = FIRST_PLACE + index * PLACE_WORDS;
    if (Atomics.compareExchange(words, place, waiting, BUSY) !== waiting) continue;
    entry.set(words.subarray(place + ENTRY, place + ENTRY + UKEVENT_WORDS));
    const woken = binding().ctl(words[place + FD] ?? -1, KEVENT_CTL_READY, 1, entry) === 1;
    Atomics.compareExchange(words, place, BUSY, woken ? IDLE : DEAD);
    if (woken && !all) return;
  }
}

/**
 * A place in a channel's memory where others find how to wake this thread: by making a user event of its queue ready.
 */
export class Place {
  readonly #words: Int32Array;
  readonly #registration: Registration;
  readonly #at: number;
  readonly #owner: number;

  /** @throws Error with code EUSERS if as many threads wait as there are places; what `queue.add` throws */
  constructor(memory: ChannelMemory, queue: Queue, onWake: () => void) {
    const { words } = memory;
    this.#words = words;
    this.#owner = Atomics.add(words, OWNERS, 1);
    this.#at = this.#claim();
    try {
      this.#registration = queue.add(request.user(), () => onWake());
    } catch (error) {
      Atomics.store(words, this.#at, FREE);
      throw error;
    }
    words[this.#at + FD] = queue.fd;
    if (this.#registration instanceof Kevent) {
      const { dispatch } = this.#registration;
      words.set(dispatch.registry.entry(this.#registration), this.#at + ENTRY);
    }
  }

  /** From now on {@link wake} finds it, once. What it waits for has to be looked at again after this. */
  arm(waiting: Waiting): void {
    Atomics.store(this.#words, this.#at, waiting);
  }

  disarm(waiting: Waiting): void {
    Atomics.compareExchange(this.#words, this.#at, waiting, IDLE);
  }

  /** Wakes its own owner, when other work has had its turn. */
  ready(): void {
    if (this.#registration.active) this.#registration.ready();
  }

  ref(): void {
    this.#registration.ref();
  }

  unref(): void {
    this.#registration.unref();
  }

  close(): void {
    // Not while somebody uses it. One that dies in the middle of that must not hold us for ever.
    for (let i = 0; i < 1000 && Atomics.load(this.#words, this.#at) === BUSY; i += 1) {
      Atomics.wait(this.#words, this.#at, BUSY, 1);
    }
    // It was given to somebody else if it seemed dead: its queue was closed.
    if (Atomics.load(this.#words, this.#at + OWNER) === this.#owner)
      Atomics.store(this.#words, this.#at, FREE);
    this.#registration.remove();
  }

  #claim(): number {
    const words = this.#words;
    for (let index = 0; index < MOST_PLACES; index += 1) {
      const place = FIRST_PLACE + index * PLACE_WORDS;
      if (
        Atomics.compareExchange(words, place, FREE, IDLE) !== FREE &&
        Atomics.compareExchange(words, place, DEAD, IDLE) !== DEAD
      ) {
        continue;
      }
      Atomics.store(words, place + OWNER, this.#owner);
      let used = Atomics.load(words, PLACES_USED);
      while (used <= index) {
        const seen = Atomics.compareExchange(words, PLACES_USED, used, index + 1);
        if (seen === used) break;
        used = seen;
      }
      return place;
    }
    const error = new Error(
      `EUSERS: too many users, channel (at most ${MOST_PLACES} readers and senders wait)`,
    );
    throw Object.assign(error, { code: 'EUSERS' });
  }
}
