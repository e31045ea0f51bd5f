import fc from 'fast-check';

import {
  KEVENT_CTL_ADD,
  KEVENT_CTL_MODIFY,
  KEVENT_CTL_READY,
  KEVENT_CTL_REMOVE,
  KEVENT_POLL_POLLIN,
  KEVENT_POLL_POLLOUT,
  KEVENT_REQ_MUTED,
} from '../../lib/raw.js';
import type { Model, Request } from './model.js';
import {
  commit,
  commitAhead,
  control,
  expectEqual,
  getEvents,
  type Real,
  read,
  type Step,
  token,
  wait,
  write,
} from './steps.js';

const request: fc.Arbitrary<Request> = fc.record({
  pipe: fc.constantFrom(-1, -1, -1, 0, 1),
  id: fc.nat({ max: 2 }),
  user: fc.nat({ max: 1 }),
  event: fc.constantFrom(
    KEVENT_POLL_POLLIN,
    KEVENT_POLL_POLLOUT,
    KEVENT_POLL_POLLIN | KEVENT_POLL_POLLOUT,
    0,
  ),
  // Any combination, most often without MUTED; now and then one bit too many.
  flags: fc.oneof(
    { weight: 8, arbitrary: fc.nat({ max: KEVENT_REQ_MUTED - 1 }) },
    { weight: 2, arbitrary: fc.nat({ max: 2 * KEVENT_REQ_MUTED - 1 }) },
    { weight: 1, arbitrary: fc.nat({ max: 0x1ff }) },
  ),
});

function controls(cmd: number): fc.Arbitrary<Step> {
  return fc.array(request, { maxLength: 3 }).map((requests) => {
    return requests.length === 0 && cmd === KEVENT_CTL_READY ? token() : control(cmd, requests);
  });
}

const pipe = fc.nat({ max: 1 });
const small = fc.nat({ max: 6 });
const overs = fc.constantFrom(0, 1, 2, 0x7fffffff, 0x80000000, 0xffffffff);

/** Any call, with valid and invalid arguments; the more frequent ones twice. */
const anyStep: fc.Arbitrary<Step>[] = [
  controls(KEVENT_CTL_ADD),
  controls(KEVENT_CTL_ADD),
  controls(KEVENT_CTL_REMOVE),
  controls(KEVENT_CTL_MODIFY),
  controls(KEVENT_CTL_READY),
  controls(KEVENT_CTL_READY),
  fc.tuple(pipe, fc.integer({ min: 1, max: 3 })).map((args) => write(...args)),
  pipe.map(read),
  fc.tuple(small, fc.constantFrom(0, 0, 0, 1, 5), fc.boolean()).map((args) => wait(...args)),
  fc.tuple(fc.nat({ max: 3 }), small, fc.boolean()).map((args) => getEvents(...args)),
  fc.integer({ min: 1, max: 3 }).map(commitAhead),
  fc.integer({ min: -12, max: 7 }).map(commitAhead),
  fc.tuple(small, overs).map((args) => commit(...args)),
];

/** Random sequences of steps. */
export const sequences = fc.commands(anyStep, { maxCommands: 80, size: 'max' });

/** At the end: unmuted, and with all the room there is, every user event comes out. */
export function drain(model: Model, real: Real): void {
  const kevents = model.requests();
  const others = kevents.filter((each) => each.pipe >= 0);
  const users = kevents.filter((each) => each.pipe < 0);
  const unmuted = users.map((each) => ({ ...each, flags: each.flags & ~KEVENT_REQ_MUTED }));
  control(KEVENT_CTL_REMOVE, others).run(model, real);
  control(KEVENT_CTL_MODIFY, unmuted).run(model, real);
  while (model.tokens > 0) getEvents(0, 0, true).run(model, real);
  for (let turn = 0; turn < 100 && (model.owed() > 0 || model.head > model.tail); turn += 1) {
    if (model.size > 0) commitAhead(model.head - model.tail).run(model, real);
    getEvents(0, 6, true).run(model, real);
  }
  expectEqual('occurrences that were not delivered', model.owed(), 0);
}
