import {
  KEVENT_POLL_POLLIN,
  KEVENT_POLL_POLLOUT,
  KEVENT_REQ_ALWAYS_QUEUE,
  KEVENT_REQ_ET,
  KEVENT_REQ_LAST_CHECK,
  KEVENT_REQ_MUTED,
  KEVENT_REQ_ONESHOT,
  KEVENT_REQ_READY,
  KEVENT_RET_BROKEN,
  KEVENT_RET_COPY_FAILED,
  KEVENT_RET_DONE,
  KEVENT_UNOTIFY,
  type Ukevent,
} from '../../lib/raw.js';

/** What is asked of the queue about one kevent. `pipe` is the number of the pipe that it watches, -1: a user event. */
export interface Request {
  readonly pipe: number;
  readonly id: number;
  readonly user: number;
  readonly event: number;
  readonly flags: number;
}

/** An entry's outcome, as kevent_ctl writes it; `revents` is ret_data[0] where that is said. */
export interface Outcome {
  readonly ret_flags: number;
  readonly error?: string;
  readonly revents?: number;
}

const QUEUED: Outcome = { ret_flags: 0 };
const DONE: Outcome = { ret_flags: KEVENT_RET_DONE };
const KNOWN_FLAGS = 0x7f;

const broken = (error: string): Outcome => ({ ret_flags: KEVENT_RET_BROKEN | KEVENT_RET_DONE, error });

class Kevent {
  flags: number;
  event: number;
  /** User events: occurrences that were not delivered yet. */
  count = 0;
  /** Uncommitted slots that hold an event of this kevent which was level when it was delivered. */
  held = 0;
  /**
   * Pipes are looked at when the queue likes to, so of their kevents the model knows less: which may be
   * delivered, and which must be. READY makes one ready whatever the pipe says.
   */
  forced: 'no' | 'may' | 'must' = 'no';
  /** Level, ONESHOT: was ready at some time since. */
  seen = false;
  /** ET: new readiness since the last delivery, which coalesces; and whether epoll is sure to report it. */
  edges = 0;
  edge = false;

  readonly request: Request;

  constructor(request: Request) {
    this.request = request;
    this.flags = request.flags;
    this.event = request.event;
  }

  has(flag: number): boolean {
    return (this.flags & flag) !== 0;
  }
  get level(): boolean {
    return !this.has(KEVENT_REQ_ET | KEVENT_REQ_ONESHOT);
  }
  /** Level: waits for a commit. */
  get waits(): boolean {
    return this.level && this.held > 0;
  }
}

interface Slot {
  readonly kevent: Kevent;
  readonly level: boolean;
}

/** A queue as DESIGN section 5 has it. Whatever differs from it throws. */
export class Model {
  readonly #kevents = new Map<string, Kevent>();
  /** User events that are ready, first in first out. */
  readonly #ready: Kevent[] = [];
  readonly #slots: Slot[] = [];
  readonly #bytes: number[];
  readonly size: number;
  head = 0;
  tail = 0;
  tokens = 0;

  constructor(size: number, pipes: number) {
    this.size = size;
    this.#bytes = new Array<number>(pipes).fill(0);
  }

  get kevents(): number {
    return this.#kevents.size;
  }
  get room(): number {
    return this.size === 0 ? 0 : this.size - (this.head - this.tail);
  }
  bytes(pipe: number): number {
    return this.#bytes[pipe] ?? 0;
  }
  requests(): Request[] {
    return [...this.#kevents.values()].map(({ request, flags, event }) => ({ ...request, flags, event }));
  }
  /** Occurrences of user events that were not delivered yet. */
  owed(): number {
    return [...this.#kevents.values()].reduce((sum, kevent) => sum + kevent.count, 0);
  }

  // kevent_ctl

  add(request: Request): Outcome {
    if ((request.flags & ~KNOWN_FLAGS) !== 0) return broken('EINVAL');
    if (this.#kevents.has(key(request))) return broken('EEXIST');
    const kevent = new Kevent(request);
    const stays = KEVENT_REQ_ALWAYS_QUEUE | KEVENT_REQ_READY | KEVENT_REQ_MUTED;
    const revents = this.#revents(kevent);
    if (revents !== 0 && !kevent.has(stays)) return { ret_flags: KEVENT_RET_DONE, revents };
    this.#kevents.set(key(request), kevent);
    this.#judge(kevent);
    if (kevent.has(KEVENT_REQ_READY)) this.#occur(kevent);
    return QUEUED;
  }

  remove(request: Request): Outcome {
    const kevent = this.#kevents.get(key(request));
    if (kevent === undefined) return broken('ENOENT');
    this.#forget(kevent);
    return DONE;
  }

  modify(request: Request): Outcome {
    const kevent = this.#kevents.get(key(request));
    if (kevent === undefined) return broken('ENOENT');
    if ((request.flags & ~KNOWN_FLAGS) !== 0) return broken('EINVAL');
    kevent.flags = request.flags;
    kevent.event = request.event;
    // What a pipe's kevent reported was about the old mask, so it may be gone.
    if (kevent.forced === 'must') kevent.forced = 'may';
    this.#judge(kevent);
    if (kevent.has(KEVENT_REQ_MUTED)) this.#unready(kevent);
    this.#makeReady(kevent);
    return DONE;
  }

  ready(request: Request): Outcome {
    const kevent = this.#kevents.get(key(request));
    if (kevent === undefined) return broken('ENOENT');
    this.#occur(kevent);
    return DONE;
  }

  // What happens outside of the queue

  write(pipe: number, bytes: number): void {
    const empty = this.bytes(pipe) === 0;
    this.#bytes[pipe] = this.bytes(pipe) + bytes;
    for (const kevent of this.#watching(pipe)) {
      kevent.edges += 1;
      if (empty && (kevent.event & KEVENT_POLL_POLLIN) !== 0) kevent.edge = true;
      kevent.seen ||= this.#revents(kevent) !== 0;
    }
  }

  read(pipe: number): void {
    this.#bytes[pipe] = 0;
    for (const kevent of this.#watching(pipe)) kevent.edges += 1;
  }

  // The waiting calls: what they have delivered is checked, not foretold.

  /** Whether a waiting call returns 0 at once because of READY without entries. */
  takeToken(): boolean {
    if (this.tokens === 0) return false;
    this.tokens -= 1;
    return true;
  }

  /** Is anything sure to be delivered now? */
  get busy(): boolean {
    return this.#due().size > 0;
  }

  /**
   * A call delivered these events, of at most `limit`: to the ring while it had room, and to the caller's
   * buffer if `buffered`.
   */
  delivered(events: readonly Ukevent[], limit: number, buffered: boolean): void {
    const due = this.#due();
    for (const event of events) {
      const kevent = this.#kevents.get(keyOf(event));
      if (kevent === undefined) throw new Error(`delivered, but not registered: ${JSON.stringify(event)}`);
      due.delete(kevent);
      this.#deliver(kevent, event, buffered);
    }
    // Those that LAST_CHECK drops have taken the place of others: a call may return fewer, but not none.
    const dropped = [...this.#kevents.values()].some((kevent) => kevent.has(KEVENT_REQ_LAST_CHECK));
    const complete = limit > 0 && (events.length === 0 || (events.length < limit && !dropped));
    if (complete && due.size > 0) {
      const left = [...due].map((kevent) => JSON.stringify(kevent));
      throw new Error(`not delivered, though there was room: ${left.join(' ')}`);
    }
    // READY has put it on the list, and LAST_CHECK may have taken it off again.
    for (const kevent of this.#kevents.values()) {
      if (kevent.forced === 'must' && kevent.has(KEVENT_REQ_LAST_CHECK)) kevent.forced = 'may';
    }
  }

  /** kevent_commit: how many slots become free, or the error's code. */
  commit(index: number, over: number): number | string {
    if (this.size === 0 || index >= this.size) return 'EINVAL';
    const wraps = Math.floor(this.tail / this.size);
    const named = wraps + ((over - wraps) | 0);
    if (named < 0 || wraps - named > 1) return 'EOVERFLOW';
    const position = named * this.size + index;
    if (position <= this.tail) return 0;
    if (position > this.head) return 'EINVAL';
    const freed = position - this.tail;
    for (; this.tail < position; this.tail += 1) {
      const slot = this.#slots.shift();
      if (slot?.level) this.#committed(slot.kevent);
    }
    return freed;
  }

  #deliver(kevent: Kevent, event: Ukevent, buffered: boolean): void {
    const inSlot = this.room > 0;
    const failed = buffered && !inSlot && this.size > 0 ? KEVENT_RET_COPY_FAILED : 0;
    equal('ret_flags', event.ret_flags, KEVENT_RET_DONE | failed);
    equal('req_flags', event.req_flags, kevent.flags);
    equal('event', event.event, kevent.event);
    if (kevent.request.pipe < 0) {
      equal('the first that is ready', keyOf(event), key((this.#ready[0] ?? kevent).request));
      equal('the count', event.ret_data[0], kevent.count);
      kevent.count = 0;
      this.#unready(kevent);
    } else {
      this.#checkPipe(kevent, event.ret_data[0]);
      // An event that READY has made may overtake what the kernel has to say, or be one with it.
      if (kevent.forced === 'no') kevent.edges -= 1;
      kevent.forced = 'no';
      kevent.edge = false;
      kevent.seen = false;
    }
    const level = kevent.level;
    if (kevent.has(KEVENT_REQ_ONESHOT)) this.#forget(kevent);
    if (inSlot) {
      this.#slots.push({ kevent, level });
      this.head += 1;
      if (level) kevent.held += 1;
    } else if (level) {
      kevent.held += 1;
      this.#committed(kevent);
    }
  }

  #checkPipe(kevent: Kevent, revents: number): void {
    const now = this.#revents(kevent);
    const forced = kevent.forced !== 'no';
    const wrong = (why: string): Error => new Error(`${why}: ${JSON.stringify(kevent)}`);
    if (kevent.has(KEVENT_REQ_MUTED)) throw wrong('muted, but delivered');
    if (kevent.waits) throw wrong('delivered again, though the event before is not committed');
    if (kevent.has(KEVENT_REQ_LAST_CHECK)) {
      if (now === 0) throw wrong('LAST_CHECK, but delivered though not ready');
      equal('what is ready', revents, now);
    }
    if (kevent.has(KEVENT_REQ_ET) && !kevent.has(KEVENT_REQ_ONESHOT)) {
      if (kevent.edges === 0 && !forced) throw wrong('ET, but delivered without new readiness');
    } else if (!kevent.seen && !forced) {
      throw wrong('delivered, but was never ready');
    }
    if ((revents & ~kevent.event) !== 0) throw wrong(`not asked for: ${revents}`);
    if (revents === 0 && !forced) throw wrong('delivered, but says that nothing is ready');
  }

  /** The kevents that a call with room for all has to deliver. */
  #due(): Set<Kevent> {
    const due = new Set<Kevent>(this.#ready);
    for (const kevent of this.#kevents.values()) {
      if (kevent.request.pipe < 0 || kevent.has(KEVENT_REQ_MUTED) || kevent.waits) continue;
      const now = this.#revents(kevent) !== 0;
      const edge = kevent.has(KEVENT_REQ_ET) && !kevent.has(KEVENT_REQ_ONESHOT);
      if (kevent.forced === 'must' && (now || !kevent.has(KEVENT_REQ_LAST_CHECK))) due.add(kevent);
      if (now && (kevent.edge || !edge)) due.add(kevent);
    }
    return due;
  }

  #occur(kevent: Kevent): void {
    if (kevent.request.pipe >= 0) {
      kevent.forced = 'must';
      return;
    }
    kevent.count += 1;
    this.#makeReady(kevent);
  }

  #makeReady(kevent: Kevent): void {
    if (kevent.count === 0 || kevent.waits || kevent.has(KEVENT_REQ_MUTED)) return;
    if (!this.#ready.includes(kevent)) this.#ready.push(kevent);
  }

  #unready(kevent: Kevent): void {
    const at = this.#ready.indexOf(kevent);
    if (at >= 0) this.#ready.splice(at, 1);
  }

  #forget(kevent: Kevent): void {
    this.#unready(kevent);
    this.#kevents.delete(key(kevent.request));
  }

  #committed(kevent: Kevent): void {
    kevent.held -= 1;
    if (this.#kevents.get(key(kevent.request)) !== kevent || kevent.held > 0) return;
    this.#makeReady(kevent);
    kevent.seen ||= this.#revents(kevent) !== 0;
  }

  /** Added or modified: a pipe's readiness is judged afresh. */
  #judge(kevent: Kevent): void {
    const now = this.#revents(kevent) !== 0;
    kevent.seen = now;
    kevent.edge = now;
    kevent.edges = now ? 1 : 0;
  }

  #revents(kevent: Kevent): number {
    if (kevent.request.pipe < 0) return 0;
    const readable = this.bytes(kevent.request.pipe) > 0 ? KEVENT_POLL_POLLIN : 0;
    return kevent.event & (readable | KEVENT_POLL_POLLOUT);
  }

  #watching(pipe: number): Kevent[] {
    return [...this.#kevents.values()].filter((kevent) => kevent.request.pipe === pipe);
  }
}

function key({ pipe, id, user }: Request): string {
  return `${pipe < 0 ? 'user' : 'pipe'} ${id} ${user}`;
}

function keyOf({ type, id, user }: Ukevent): string {
  return `${type === KEVENT_UNOTIFY ? 'user' : 'pipe'} ${id[0]} ${user[0]}`;
}

function equal<T>(what: string, actual: T, expected: T): void {
  if (actual !== expected) throw new Error(`${what}: ${actual} is not ${expected}`);
}
