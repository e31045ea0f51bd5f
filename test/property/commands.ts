import fc from 'fast-check';
import { errnoName } from '../../lib/abi/errors.js';
import {
  KEVENT_CTL_ADD,
  KEVENT_CTL_MODIFY,
  KEVENT_CTL_READY,
  KEVENT_CTL_REMOVE,
  KEVENT_FLAGS_NONBLOCK,
  KEVENT_POLL,
  KEVENT_POLL_POLLIN,
  KEVENT_POLL_POLLOUT,
  KEVENT_REQ_MUTED,
  KEVENT_UNOTIFY,
  kevent_commit,
  kevent_ctl,
  kevent_get_events,
  kevent_stats,
  kevent_wait,
  RING_HEADER,
  readUkevent,
  type SystemError,
  UKEVENT_SIZE,
  type Ukevent,
  writeUkevent,
} from '../../lib/raw.js';
import type { Fifo } from '../raw/fifo.js';
import type { RawQueue } from '../raw/queue.js';
import type { Model, Outcome, Request } from './model.js';

/** The queue under test, and the real pipes that its kevents watch. */
export interface Real {
  readonly queue: RawQueue;
  readonly pipes: readonly Fifo[];
}

type Command = fc.Command<Model, Real>;

const EINVAL = 'EINVAL';

/** What a call returns, or the code of the error that it throws. */
function outcome(call: () => number): number | string {
  try {
    return call();
  } catch (error) {
    return (error as SystemError).code;
  }
}

function expectEqual(what: string, actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${what}: got ${actual}, expected ${expected}`);
}

/** The events in the ring from position `from` on. */
function slots({ queue }: Real, model: Model, from: number, count: number): Ukevent[] {
  if (queue.ring === null) return [];
  const ring = new Uint8Array(queue.ring, RING_HEADER);
  return Array.from({ length: count }, (_, i) => readUkevent(ring, (from + i) % model.size));
}

/** After each command: what the queue says of itself. */
function look(model: Model, { queue }: Real): void {
  const stats = kevent_stats(queue.fd);
  expectEqual('kevents', Number(stats.kevents), model.kevents);
  expectEqual('head', Number(stats.head), model.head);
  expectEqual('tail', Number(stats.tail), model.tail);
  if (queue.ring === null) return;
  const [kidx, over] = new Uint32Array(queue.ring, 0, 2);
  expectEqual('ring_kidx', kidx, model.head % model.size);
  expectEqual('ring_over', over, Math.floor(model.tail / model.size));
}

abstract class Step {
  abstract apply(model: Model, real: Real): void;
  check(): boolean {
    return true;
  }
  run(model: Model, real: Real): void {
    this.apply(model, real);
    look(model, real);
  }
}

const NAMES = ['ADD', 'REMOVE', 'MODIFY', 'READY'];

class Control extends Step {
  constructor(
    readonly cmd: number,
    readonly requests: readonly Request[],
  ) {
    super();
  }
  toString(): string {
    return `${NAMES[this.cmd]} ${JSON.stringify(this.requests)}`;
  }
  apply(model: Model, { queue, pipes }: Real): void {
    const entries = new Uint8Array(this.requests.length * UKEVENT_SIZE);
    const requests = this.requests.map((request) => resolved(request, pipes));
    requests.forEach((request, at) => {
      writeUkevent(entries, at, {
        type: request.pipe < 0 ? KEVENT_UNOTIFY : KEVENT_POLL,
        id: request.id,
        event: request.event,
        req_flags: request.flags,
        user: request.user,
      });
    });
    const expected = requests.map((request) => this.#expect(model, request));
    const result = kevent_ctl(queue.fd, this.cmd, requests.length, entries);
    expectEqual('kevent_ctl', result, expected.filter(({ error }) => error === undefined).length);
    expected.forEach((want, at) => {
      const got = readUkevent(entries, at);
      expectEqual(`entry ${at}`, got.ret_flags, want.ret_flags);
      if (want.error !== undefined) expectEqual(`entry ${at}`, errnoName(got.ret_data[1] | 0), want.error);
      if (want.revents !== undefined) expectEqual(`entry ${at}`, got.ret_data[0], want.revents);
    });
  }
  #expect(model: Model, request: Request): Outcome {
    if (this.cmd === KEVENT_CTL_ADD) return model.add(request);
    if (this.cmd === KEVENT_CTL_REMOVE) return model.remove(request);
    if (this.cmd === KEVENT_CTL_MODIFY) return model.modify(request);
    return model.ready(request);
  }
}

/** The id of a pipe's kevent is a descriptor that is known only now. */
function resolved(request: Request, pipes: readonly Fifo[]): Request {
  const pipe = pipes[request.pipe];
  return pipe === undefined ? request : { ...request, id: pipe.fd };
}

class Token extends Step {
  override toString(): string {
    return 'READY, no entries';
  }
  apply(model: Model, { queue }: Real): void {
    expectEqual('kevent_ctl', kevent_ctl(queue.fd, KEVENT_CTL_READY, 0, null), 0);
    model.tokens += 1;
  }
}

class Write extends Step {
  constructor(
    readonly pipe: number,
    readonly bytes: number,
  ) {
    super();
  }
  override toString(): string {
    return `write ${this.bytes} to pipe ${this.pipe}`;
  }
  apply(model: Model, { pipes }: Real): void {
    pipes[this.pipe]?.write('x'.repeat(this.bytes));
    model.write(this.pipe, this.bytes);
  }
}

class Read extends Step {
  constructor(readonly pipe: number) {
    super();
  }
  override toString(): string {
    return `read all of pipe ${this.pipe}`;
  }
  apply(model: Model, { pipes }: Real): void {
    if (model.bytes(this.pipe) === 0) return;
    pipes[this.pipe]?.drain();
    model.read(this.pipe);
  }
}

class Wait extends Step {
  constructor(
    readonly num: number,
    readonly stale: number,
    readonly nonblock: boolean,
  ) {
    super();
  }
  override toString(): string {
    return `kevent_wait num ${this.num}, old_uidx ${this.stale} off${this.nonblock ? ', NONBLOCK' : ''}`;
  }
  apply(model: Model, real: Real): void {
    const kidx = model.size === 0 ? 0 : model.head % model.size;
    const old = kidx + this.stale;
    const timeout = this.nonblock ? null : 0n;
    const flags = this.nonblock ? KEVENT_FLAGS_NONBLOCK : 0;
    const { head, room } = model;
    const result = outcome(() => kevent_wait(real.queue.fd, this.num, old, timeout, flags));
    if (model.size === 0 || this.num > model.size || old >= model.size) {
      expectEqual('kevent_wait', result, EINVAL);
    } else if (model.takeToken()) {
      expectEqual('kevent_wait', result, 0);
    } else {
      const moved = typeof result === 'number' ? result : 0;
      const nothing = room > 0 ? 'EAGAIN' : 'ENOBUFS';
      if (moved === 0 && this.nonblock && this.stale === 0 && !(this.num === 0 && model.busy && room > 0)) {
        if (this.num > 0 || result !== 0) expectEqual('kevent_wait', result, nothing);
      } else {
        expectEqual('kevent_wait', result, moved);
      }
      model.delivered(slots(real, model, head, moved), Math.min(this.num, room), false);
    }
  }
}

class GetEvents extends Step {
  constructor(
    readonly min: number,
    readonly max: number,
    readonly nonblock: boolean,
  ) {
    super();
  }
  override toString(): string {
    return `kevent_get_events min ${this.min}, max ${this.max}${this.nonblock ? ', NONBLOCK' : ''}`;
  }
  apply(model: Model, real: Real): void {
    const { min, max, nonblock } = this;
    const buffer = new Uint8Array(max * UKEVENT_SIZE);
    const { head, room } = model;
    const flags = nonblock ? KEVENT_FLAGS_NONBLOCK : 0;
    const result = outcome(() => kevent_get_events(real.queue.fd, min, max, nonblock ? null : 0n, buffer, flags));
    if (min > max) {
      expectEqual('kevent_get_events', result, 'ERR_OUT_OF_RANGE');
    } else if (model.takeToken()) {
      expectEqual('kevent_get_events', result, 0);
    } else {
      const moved = typeof result === 'number' ? result : 0;
      expectEqual('kevent_get_events', result, moved === 0 && min > 0 && nonblock ? 'EAGAIN' : moved);
      const events = Array.from({ length: moved }, (_, at) => readUkevent(buffer, at));
      slots(real, model, head, Math.min(moved, room)).forEach((copy, at) => {
        expectEqual(`copy ${at}`, JSON.stringify(copy), JSON.stringify(events[at]));
      });
      model.delivered(events, max, true);
    }
  }
}

class Commit extends Step {
  /** `ahead` of the tail in positions, or else the two arguments as they are. */
  constructor(readonly where: { ahead: number } | { index: number; over: number }) {
    super();
  }
  override toString(): string {
    return `kevent_commit ${JSON.stringify(this.where)}`;
  }
  apply(model: Model, { queue }: Real): void {
    const { index, over } = this.#arguments(model);
    const result = outcome(() => kevent_commit(queue.fd, index, over));
    expectEqual(`kevent_commit(${index}, ${over})`, result, model.commit(index, over));
  }
  #arguments({ size, tail }: Model): { index: number; over: number } {
    if ('index' in this.where) return this.where;
    const position = Math.max(tail + this.where.ahead, 0);
    if (size === 0) return { index: 0, over: 0 };
    return { index: position % size, over: Math.floor(position / size) };
  }
}

const request: fc.Arbitrary<Request> = fc.record({
  pipe: fc.constantFrom(-1, -1, -1, 0, 1),
  id: fc.nat({ max: 2 }),
  user: fc.nat({ max: 1 }),
  event: fc.constantFrom(KEVENT_POLL_POLLIN, KEVENT_POLL_POLLIN, KEVENT_POLL_POLLOUT, 5, 0),
  // Any combination, most often without MUTED; now and then one bit too many.
  flags: fc.oneof(
    { weight: 8, arbitrary: fc.nat({ max: KEVENT_REQ_MUTED - 1 }) },
    { weight: 2, arbitrary: fc.nat({ max: 2 * KEVENT_REQ_MUTED - 1 }) },
    { weight: 1, arbitrary: fc.nat({ max: 0x1ff }) },
  ),
});

function control(cmd: number): fc.Arbitrary<Command> {
  return fc.array(request, { minLength: 0, maxLength: 3 }).map((requests) => {
    return requests.length === 0 && cmd === KEVENT_CTL_READY ? new Token() : new Control(cmd, requests);
  });
}

const pipe = fc.nat({ max: 1 });
const small = fc.nat({ max: 6 });

/** Any command, with valid and invalid arguments. */
export const anyCommand: fc.Arbitrary<Command>[] = [
  control(KEVENT_CTL_ADD),
  control(KEVENT_CTL_ADD),
  control(KEVENT_CTL_REMOVE),
  control(KEVENT_CTL_MODIFY),
  control(KEVENT_CTL_READY),
  control(KEVENT_CTL_READY),
  fc.tuple(pipe, fc.integer({ min: 1, max: 3 })).map(([which, bytes]) => new Write(which, bytes)),
  pipe.map((which) => new Read(which)),
  fc
    .tuple(small, fc.constantFrom(0, 0, 0, 1, 5), fc.boolean())
    .map(([num, stale, nonblock]) => new Wait(num, stale, nonblock)),
  fc.tuple(fc.nat({ max: 3 }), small, fc.boolean()).map(([min, max, nonblock]) => new GetEvents(min, max, nonblock)),
  fc.integer({ min: -12, max: 7 }).map((ahead) => new Commit({ ahead })),
  fc.integer({ min: 1, max: 3 }).map((ahead) => new Commit({ ahead })),
  fc
    .record({ index: small, over: fc.constantFrom(0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff) })
    .map((where) => new Commit(where)),
];

/** At the end: unmuted, with all room there is, every user event comes out. */
export function drain(model: Model, real: Real): void {
  const users = model.requests().filter((each) => each.pipe < 0);
  const others = model.requests().filter((each) => each.pipe >= 0);
  new Control(KEVENT_CTL_REMOVE, others).run(model, real);
  const unmuted = users.map((each) => ({ ...each, flags: each.flags & ~KEVENT_REQ_MUTED }));
  new Control(KEVENT_CTL_MODIFY, unmuted).run(model, real);
  while (model.tokens > 0) new GetEvents(0, 0, true).run(model, real);
  for (let turn = 0; turn < 100 && (model.owed() > 0 || model.head > model.tail); turn += 1) {
    if (model.size > 0) new Commit({ ahead: model.head - model.tail }).run(model, real);
    new GetEvents(0, 6, true).run(model, real);
  }
  expectEqual('occurrences that were not delivered', model.owed(), 0);
}
