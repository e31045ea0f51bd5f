import { binding } from '../abi/binding.js';
import {
  KEVENT_CTL_ADD,
  KEVENT_CTL_REMOVE,
  KEVENT_REQ_ALWAYS_QUEUE,
  KEVENT_REQ_WAKEUP_ALL,
  KEVENT_SIGNAL,
  KEVENT_TIMER,
} from '../abi/constants.js';
import { systemError } from '../abi/errors.js';
import { UKEVENT_WORDS, WORD_EVENT, WORD_REQ_FLAGS, WORD_USER0, WORD_USER1 } from '../abi/layout.js';
import { holdSignals, releaseSignals } from '../abi/signals.js';
import { putArgument, putRequest } from '../abi/ukevent.js';
import { type AddError, addAllError, addError } from './add_error.js';
import { applyChanges, changeError, changes, changeUser0, MOST_CHANGES } from './changes.js';
import { checkRequest, firstWord, secondWord } from './checked_request.js';
import type { Dispatch } from './dispatch.js';
import { DispatchNumbers } from './dispatch_numbers.js';
import { Kevent, KeventWithData, type OwnPlace, type Place } from './registration.js';
import type { Request } from './request.js';
import { KIND_REF, KIND_TYPE, MOST_SLOTS, Slots } from './slots.js';
import { Staleness } from './staleness.js';

const SLOT_BITS = 24;
const SLOT_MASK = MOST_SLOTS - 1;
/** Owners are 1 to 127. Not 0: the user words of those who call kevent_ctl themselves should not look like ours. */
const OWNERS = 0x7f;
const OWNER_FIELD = OWNERS << SLOT_BITS;
/** Timers whose removal is put off. */
const MOST_LATE = 256;
/** In `user[0]`: the event goes to a handler of its owner, and nobody else is to see it. */
export const USER_HANDLED = 0x80000000;

// As in event_cursor.ts: a constant of the module itself is part of the code.
const SIGNAL = KEVENT_SIGNAL;
const USER0 = WORD_USER0;
const ENTRY = UKEVENT_WORDS;

const ENOENT = -2;
const ENOSPC = -28;

/** What goes through the events of handlers. */
interface Handling {
  /** Finds the kevent of the event that it is at. */
  lookUp(): void;
}

/**
 * The kevents that this thread has added to a queue. `user[0]` of each is its slot and this thread's
 * owner number, `user[1]` the slot's generation, and mostly its handler's number: an event leads to its handler by one
 * array look-up, and to its kevent by two.
 */
export class Registry {
  /** Kevents whose events go to a handler. */
  handled = 0;
  /** Kevents that keep the process alive. */
  refed = 0;
  /** Kevents that do both. */
  refedHandled = 0;
  /** Whether other threads may consume from the queue too. */
  shared = false;
  readonly staleness: Staleness;
  /** While handlers are called: what is at the event, whose kevent it cannot look up any more once that is removed. */
  handling: Handling | undefined;

  readonly #fd: number;
  /** This thread's owner number, where `user[0]` has it. */
  readonly #ownerBits: number;
  readonly #slots = new Slots();
  #numbers = new DispatchNumbers();
  readonly #changed: () => void;
  #signals = 0;
  /** Entries of kevents that are still to be removed from the engine. */
  #lateWords = new Uint32Array(0);
  #late = 0;
  readonly #onTick = (): void => this.flush();

  /**
   * @param ringSize - slots of the queue's ring
   * @param owner - of those who share the queue, which one this is; any integer >= 0
   * @param changed - called when one of the counts becomes 0 or is no longer 0
   */
  constructor(fd: number, ringSize: number, owner: number, changed: () => void) {
    this.#fd = fd;
    this.staleness = new Staleness(ringSize);
    this.#ownerBits = ((owner % OWNERS) + 1) << SLOT_BITS;
    this.#changed = changed;
  }

  /** Whether a kevent that this thread added has, or had, these user words. */
  owns(user0: number): boolean {
    return (user0 & OWNER_FIELD) === this.#ownerBits;
  }

  /** Whether the kevent of an event that this thread owns is still there. */
  has(user0: number, user1: number): boolean {
    return this.#slots.has(user0 & SLOT_MASK, user1);
  }

  /** The kevent of an event that this thread owns; undefined if it is stale. */
  find(user0: number, user1: number): Place | undefined {
    return this.#slots.find(user0 & SLOT_MASK, user1);
  }

  /** The handler of a kevent that this thread owns; undefined if only the kevent itself leads to it. */
  numbered(user1: number): Dispatch | undefined {
    return this.#numbers.find(user1);
  }

  /** See {@link Slots.touch}. Whoever says where it goes is looked at itself only if its handler does that. */
  touch(user0: number, user1: number, looked: boolean): number {
    const handled = (user0 & USER_HANDLED) !== 0;
    return this.#slots.touch(
      user0 & SLOT_MASK,
      handled && (looked || this.#numbers.find(user1) === undefined),
    );
  }

  holds(kevent: Place): boolean {
    return this.#slots.holds(kevent);
  }

  /** @throws AddError, ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE */
  add(request: Request, dispatch: Dispatch): Kevent {
    checkRequest(request);
    return this.#added(this.#addOne(request, dispatch), request, dispatch);
  }

  /** The same; `place` is what its events lead to. @throws as {@link add} */
  addPlace(request: Request, place: OwnPlace): void {
    const { dispatch } = place;
    place.slot = this.#addOne(request, dispatch);
    this.#fill(place, request);
  }

  /** @throws AddAllError; ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE: then nothing was added */
  addAll(requests: readonly Request[], dispatch: Dispatch): Kevent[] {
    for (const request of requests) checkRequest(request);
    const kevents: Kevent[] = [];
    const errors: AddError[] = [];
    for (let from = 0; from < requests.length; from += MOST_CHANGES) {
      this.#addSome(requests.slice(from, from + MOST_CHANGES), from, dispatch, kevents, errors);
    }
    if (errors.length > 0) throw addAllError(errors, kevents, requests.length);
    return kevents;
  }

  /** Whether it was still there. */
  remove(kevent: Place): boolean {
    if (!this.holds(kevent)) return false;
    this.handling?.lookUp();
    if ((this.#slots.kind(kevent.slot) & KIND_TYPE) === KEVENT_TIMER) {
      this.#removeLater(kevent);
      return true;
    }
    this.#putKey(changes(1), 0, kevent);
    // The result does not matter. -EBADF: another thread has closed the queue. ENOENT: the kevent is
    // on its way as the last event, or another thread has got that. In each case it is gone.
    applyChanges(this.#fd, KEVENT_CTL_REMOVE, 1);
    this.staleness.ended();
    this.#free(kevent.slot, kevent.dispatch);
    return true;
  }

  /** Removes a stream and closes its descriptor. False if it was not there any more: then nothing was closed. */
  closeStream(kevent: Place): boolean {
    if (!this.holds(kevent)) return false;
    this.handling?.lookUp();
    const words = changes(1);
    this.#putKey(words, 0, kevent);
    const result = binding().naioClose(this.#fd, words);
    this.staleness.ended();
    this.#free(kevent.slot, kevent.dispatch);
    return result === 0;
  }

  /** How many were still there. */
  removeAll(kevents: readonly Place[]): number {
    this.handling?.lookUp();
    let removed = 0;
    for (let from = 0; from < kevents.length; from += MOST_CHANGES) {
      removed += this.#removeSome(kevents, from, Math.min(from + MOST_CHANGES, kevents.length));
    }
    return removed;
  }

  /** Does at once what was put off. */
  flush(): void {
    if (this.#late === 0) return;
    const count = this.#late;
    this.#late = 0;
    binding().ctl(this.#fd, KEVENT_CTL_REMOVE, count, this.#lateWords);
    this.staleness.allEnded();
  }

  /** Every kevent that is still there. */
  kevents(): Place[] {
    return this.#slots.kevents();
  }

  /** See {@link Slots.some}. */
  some(from: number, visit: (kevent: Place) => void): number {
    return this.#slots.some(from, visit);
  }

  /** MODIFY or READY. @throws SystemError */
  control(kevent: Place, cmd: number, event: number, flags: number): void {
    if (!this.holds(kevent)) throw systemError(ENOENT, 'kevent_ctl', 'the kevent is not registered any more');
    const words = changes(1);
    this.#putKey(words, 0, kevent);
    words[WORD_EVENT] = event;
    words[WORD_REQ_FLAGS] = this.#flags(flags, kevent.dispatch);
    const result = applyChanges(this.#fd, cmd, 1);
    if (result !== 1) throw systemError(result < 0 ? result : changeError(0), 'kevent_ctl');
  }

  /** The entry with which kevent_ctl makes the kevent ready, in any thread of the process. */
  entry(kevent: Place): Uint32Array {
    const words = new Uint32Array(UKEVENT_WORDS);
    this.#putKey(words, 0, kevent);
    return words;
  }

  setRef(kevent: Place, ref: boolean): void {
    if (!this.holds(kevent)) return;
    const kind = this.#slots.kind(kevent.slot);
    if (((kind & KIND_REF) !== 0) === ref) return;
    this.#slots.setKind(kevent.slot, kind ^ KIND_REF);
    this.#count(0, ref ? 1 : -1, kevent.dispatch.handler !== undefined);
  }

  /** The event with these user words, which this thread owns, is the last of its kevent: that is gone. Undefined if it was. */
  end(user0: number, user1: number): Place | undefined {
    const slot = user0 & SLOT_MASK;
    const kevent = this.#slots.find(slot, user1);
    if (kevent === undefined) return undefined;
    this.staleness.ended();
    const handled = (user0 & USER_HANDLED) !== 0;
    this.#free(slot, handled ? (this.#numbers.find(user1) ?? kevent.dispatch) : undefined);
    return kevent;
  }

  /** The queue is closed, and everything in it gone. */
  clear(): void {
    this.handling?.lookUp();
    this.#slots.clear();
    this.#numbers = new DispatchNumbers();
    this.#late = 0;
    this.handled = this.refed = this.refedHandled = this.#signals = 0;
    releaseSignals(this.#fd);
  }

  /**
   * A timer that nobody will hear of any more can stay in the engine for a moment: together, timers are
   * removed at a third of the cost. Not so an fd, which may be closed and opened again at once.
   */
  #removeLater(kevent: Place): void {
    if (this.#lateWords.length === 0) this.#lateWords = new Uint32Array(MOST_LATE * UKEVENT_WORDS);
    if (this.#late === 0) process.nextTick(this.#onTick);
    this.#putKey(this.#lateWords, this.#late, kevent);
    this.#late += 1;
    this.staleness.ending();
    this.#free(kevent.slot, kevent.dispatch);
    if (this.#late === MOST_LATE) this.flush();
  }

  #removeSome(kevents: readonly Place[], from: number, to: number): number {
    const words = changes(to - from);
    const slots = this.#slots;
    let dispatch: Dispatch | undefined;
    let user0 = 0;
    let number = 0;
    let base = 0;
    // Of those that have the same dispatch: most often all of them.
    let gone = 0;
    let refed = 0;
    for (let index = from; index < to; index += 1) {
      const kevent = kevents[index];
      if (kevent === undefined) continue;
      if (kevent.dispatch !== dispatch) {
        if (dispatch !== undefined) this.#ended(gone, refed, dispatch);
        gone = refed = 0;
        dispatch = kevent.dispatch;
        user0 = this.#user0(0, dispatch);
        number = this.#numbers.bits(dispatch);
      }
      const kind = slots.take(kevent, number, words, base);
      if (kind < 0) continue;
      gone += 1;
      if ((kind & KIND_REF) !== 0) refed += 1;
      if ((kind & KIND_TYPE) === SIGNAL) this.#signalGone();
      words[base + USER0] = user0 | kevent.slot;
      base += ENTRY;
    }
    if (dispatch === undefined) return 0;
    this.#ended(gone, refed, dispatch);
    this.staleness.ended();
    const count = base / ENTRY;
    applyChanges(this.#fd, KEVENT_CTL_REMOVE, count);
    return count;
  }

  #addSome(
    requests: readonly Request[],
    from: number,
    dispatch: Dispatch,
    kevents: Kevent[],
    errors: AddError[],
  ): void {
    changes(requests.length);
    let count = 0;
    this.#number(dispatch);
    for (const request of requests) {
      const slot = this.#slots.claim();
      if (slot < 0) break;
      this.#put(count, slot, request, dispatch);
      count += 1;
    }
    const result = count > 0 ? applyChanges(this.#fd, KEVENT_CTL_ADD, count) : 0;
    for (const [index, request] of requests.entries()) {
      const failure =
        index >= count ? ENOSPC : result < 0 ? result : result === count ? 0 : changeError(index);
      const slot = index < count ? changeUser0(index) & SLOT_MASK : -1;
      if (failure === 0) {
        kevents.push(this.#added(slot, request, dispatch));
      } else {
        if (slot >= 0) this.#slots.free(slot);
        errors.push(addError(failure, request, from + index));
      }
    }
    this.#numbers.ended(dispatch, 0);
  }

  /** @returns its slot */
  #addOne(request: Request, dispatch: Dispatch): number {
    const slot = this.#slots.claim();
    if (slot < 0) throw addError(ENOSPC, request, 0);
    this.#number(dispatch);
    this.#put(0, slot, request, dispatch);
    const result = applyChanges(this.#fd, KEVENT_CTL_ADD, 1);
    if (result === 1) return slot;
    this.#slots.free(slot);
    this.#numbers.ended(dispatch, 0);
    throw result < 0 ? systemError(result, 'kevent_ctl') : addError(changeError(0), request, 0);
  }

  #added(slot: number, request: Request, dispatch: Dispatch): Kevent {
    const { data } = request;
    const kevent = data === undefined ? new Kevent(dispatch, slot) : new KeventWithData(dispatch, slot, data);
    this.#fill(kevent, request);
    return kevent;
  }

  #fill(kevent: Place, { type, id }: Request): void {
    this.#slots.fill(kevent.slot, kevent, type | KIND_REF, firstWord(id), secondWord(id));
    if (type === KEVENT_SIGNAL) {
      this.#signals += 1;
      holdSignals(this.#fd);
    }
    const handled = kevent.dispatch.handler !== undefined;
    if (handled) kevent.dispatch.kevents += 1;
    this.#count(1, 1, handled);
  }

  /**
   * Does not look at the kevent itself: with a million of them, that would be one more cache miss.
   *
   * @param dispatch - undefined if its events go to loops
   */
  #free(slot: number, dispatch: Dispatch | undefined): void {
    const kind = this.#slots.free(slot);
    if ((kind & KIND_TYPE) === SIGNAL) this.#signalGone();
    this.#ended(1, (kind & KIND_REF) !== 0 ? 1 : 0, dispatch);
  }

  /** That many of one dispatch, of which so many have kept the process alive. */
  #ended(all: number, refed: number, dispatch: Dispatch | undefined): void {
    const handled = dispatch?.handler !== undefined;
    if (handled) this.#numbers.ended(dispatch, all);
    this.#count(-all, -refed, handled);
  }

  #number(dispatch: Dispatch): void {
    // Other threads' events could have the same owner number: then only the kevent itself is to be trusted.
    if (dispatch.handler !== undefined && !this.shared) this.#numbers.take(dispatch);
  }

  #signalGone(): void {
    this.#signals -= 1;
    if (this.#signals === 0) releaseSignals(this.#fd);
  }

  /** Says by how much the numbers of kevents, and of those that keep the process alive, have changed. */
  #count(all: number, refed: number, handled: boolean): void {
    const before = this.refed;
    this.refed = before + refed;
    let edge = (before === 0) !== (this.refed === 0);
    if (handled) {
      const { handled: count, refedHandled } = this;
      this.handled = count + all;
      this.refedHandled = refedHandled + refed;
      edge ||= (count === 0) !== (this.handled === 0) || (refedHandled === 0) !== (this.refedHandled === 0);
    }
    if (edge) this.#changed();
  }

  #flags(flags: number, dispatch: Dispatch): number {
    // What goes to a handler must come to this thread: so every thread gets it, and the others skip it.
    const owned = this.shared && dispatch.handler !== undefined ? KEVENT_REQ_WAKEUP_ALL : 0;
    return flags | KEVENT_REQ_ALWAYS_QUEUE | owned;
  }

  #user0(slot: number, dispatch: Dispatch): number {
    return (slot | this.#ownerBits | (dispatch.handler === undefined ? 0 : USER_HANDLED)) >>> 0;
  }

  #put(index: number, slot: number, request: Request, dispatch: Dispatch): void {
    const { type, id, event, flags, argument } = request;
    const words = changes(index + 1);
    putRequest(
      words,
      index,
      firstWord(id),
      secondWord(id),
      type,
      event,
      this.#flags(flags ?? 0, dispatch),
      this.#user0(slot, dispatch),
      (this.#slots.generation(slot) | this.#numbers.bits(dispatch)) >>> 0,
    );
    if (argument !== undefined) putArgument(words, index, argument);
  }

  #putKey(words: Uint32Array, index: number, { slot, dispatch }: Place): void {
    const base = index * UKEVENT_WORDS;
    this.#slots.putKey(slot, words, base);
    words[base + WORD_USER0] = this.#user0(slot, dispatch);
    words[base + WORD_USER1] = (words[base + WORD_USER1] ?? 0) | this.#numbers.bits(dispatch);
  }
}
