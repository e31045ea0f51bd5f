import type { Command } from 'fast-check';
import { errnoName } from '../../lib/abi/errors.js';
import {
  KEVENT_CTL_ADD,
  KEVENT_CTL_MODIFY,
  KEVENT_CTL_READY,
  KEVENT_CTL_REMOVE,
  KEVENT_FLAGS_NONBLOCK,
  KEVENT_POLL,
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

export type Step = Command<Model, Real>;

/** What a call returns, or the code of the error that it throws. */
function outcome(call: () => number): number | string {
  try {
    return call();
  } catch (error) {
    return (error as SystemError).code;
  }
}

export function expectEqual(what: string, actual: unknown, expected: unknown): void {
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

function step(name: string, apply: (model: Model, real: Real) => void): Step {
  return {
    check: () => true,
    run(model, real) {
      apply(model, real);
      look(model, real);
    },
    toString: () => name,
  };
}

const NAMES = ['ADD', 'REMOVE', 'MODIFY', 'READY'];

function answer(model: Model, cmd: number, request: Request): Outcome {
  if (cmd === KEVENT_CTL_ADD) return model.add(request);
  if (cmd === KEVENT_CTL_REMOVE) return model.remove(request);
  if (cmd === KEVENT_CTL_MODIFY) return model.modify(request);
  return model.ready(request);
}

/** The id of a pipe's kevent is a descriptor that is known only now. */
function resolved(request: Request, pipes: readonly Fifo[]): Request {
  const pipe = pipes[request.pipe];
  return pipe === undefined ? request : { ...request, id: pipe.fd };
}

export function control(cmd: number, asked: readonly Request[]): Step {
  return step(`${NAMES[cmd]} ${JSON.stringify(asked)}`, (model, { queue, pipes }) => {
    const entries = new Uint8Array(asked.length * UKEVENT_SIZE);
    const requests = asked.map((request) => resolved(request, pipes));
    requests.forEach(({ pipe, id, event, flags, user }, at) => {
      const type = pipe < 0 ? KEVENT_UNOTIFY : KEVENT_POLL;
      writeUkevent(entries, at, { type, id, event, req_flags: flags, user });
    });
    const expected = requests.map((request) => answer(model, cmd, request));
    const result = kevent_ctl(queue.fd, cmd, requests.length, entries);
    expectEqual('kevent_ctl', result, expected.filter(({ error }) => error === undefined).length);
    expected.forEach(({ ret_flags, error, revents }, at) => {
      const got = readUkevent(entries, at);
      expectEqual(`entry ${at}`, got.ret_flags, ret_flags);
      if (error !== undefined) expectEqual(`entry ${at}`, errnoName(got.ret_data[1] | 0), error);
      if (revents !== undefined) expectEqual(`entry ${at}`, got.ret_data[0], revents);
    });
  });
}

export function token(): Step {
  return step('READY without entries', (model, { queue }) => {
    expectEqual('kevent_ctl', kevent_ctl(queue.fd, KEVENT_CTL_READY, 0, null), 0);
    model.tokens += 1;
  });
}

export function write(pipe: number, bytes: number): Step {
  return step(`write ${bytes} to pipe ${pipe}`, (model, { pipes }) => {
    pipes[pipe]?.write('x'.repeat(bytes));
    model.write(pipe, bytes);
  });
}

export function read(pipe: number): Step {
  return step(`read all of pipe ${pipe}`, (model, { pipes }) => {
    if (model.bytes(pipe) === 0) return;
    pipes[pipe]?.drain();
    model.read(pipe);
  });
}

/** kevent_wait with an old_uidx that is `stale` places off. It never sleeps. */
export function wait(num: number, stale: number, nonblock: boolean): Step {
  const name = `kevent_wait num ${num}, old_uidx ${stale} off${nonblock ? ', NONBLOCK' : ''}`;
  return step(name, (model, real) => {
    const { head, room } = model;
    const old = stale + (model.size === 0 ? 0 : head % model.size);
    const timeout = nonblock ? null : 0n;
    const flags = nonblock ? KEVENT_FLAGS_NONBLOCK : 0;
    const result = outcome(() => kevent_wait(real.queue.fd, num, old, timeout, flags));
    if (model.size === 0 || num > model.size || old >= model.size) {
      return expectEqual('kevent_wait', result, 'EINVAL');
    }
    if (model.takeToken()) return expectEqual('kevent_wait', result, 0);
    const moved = typeof result === 'number' ? result : 0;
    const idle = moved === 0 && nonblock && stale === 0;
    if (typeof result === 'string') {
      expectEqual('kevent_wait', result, idle ? (room > 0 ? 'EAGAIN' : 'ENOBUFS') : 0);
      if (room > 0 && model.busy) throw new Error('EAGAIN, though a kevent is ready');
    } else if (idle) {
      // Only with num 0: something is ready, and not asked for.
      expectEqual('kevent_wait moved nothing, num', num, 0);
    }
    model.delivered(slots(real, model, head, moved), Math.min(num, room), false);
  });
}

/** kevent_get_events, which does not sleep either. */
export function getEvents(min: number, max: number, nonblock: boolean): Step {
  const name = `kevent_get_events min ${min}, max ${max}${nonblock ? ', NONBLOCK' : ''}`;
  return step(name, (model, real) => {
    const { head, room } = model;
    const buffer = new Uint8Array(max * UKEVENT_SIZE);
    const timeout = nonblock ? null : 0n;
    const flags = nonblock ? KEVENT_FLAGS_NONBLOCK : 0;
    const result = outcome(() => kevent_get_events(real.queue.fd, min, max, timeout, buffer, flags));
    if (min > max) return expectEqual('kevent_get_events', result, 'ERR_OUT_OF_RANGE');
    if (model.takeToken()) return expectEqual('kevent_get_events', result, 0);
    const moved = typeof result === 'number' ? result : 0;
    expectEqual('kevent_get_events', result, moved === 0 && min > 0 && nonblock ? 'EAGAIN' : moved);
    const events = Array.from({ length: moved }, (_, at) => readUkevent(buffer, at));
    slots(real, model, head, Math.min(moved, room)).forEach((copy, at) => {
      expectEqual(`copy ${at}`, JSON.stringify(copy), JSON.stringify(events[at]));
    });
    model.delivered(events, max, true);
  });
}

export function commit(index: number, over: number): Step {
  return step(`kevent_commit(${index}, ${over})`, (model, { queue }) => {
    const result = outcome(() => kevent_commit(queue.fd, index, over));
    expectEqual('kevent_commit', result, model.commit(index, over));
  });
}

/** kevent_commit of the position that is so far ahead of the tail, or behind it. */
export function commitAhead(ahead: number): Step {
  return step(`kevent_commit of the tail's position + ${ahead}`, (model, real) => {
    const position = Math.max(model.tail + ahead, 0);
    const size = Math.max(model.size, 1);
    commit(position % size, Math.floor(position / size)).run(model, real);
  });
}
