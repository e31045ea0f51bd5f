// observe.js EVENTS ROUNDS subject|observable|from
//
// User events that are in the ring, delivered to one subscriber: by a handler that calls next() of a bare Subject, or by
// a stream as an Observable, made by fromStream or by RxJS's own from. CPU time in µs of the turns that deliver
// them, over all ROUNDS.
import { setImmediate } from 'node:timers/promises';

import { EventStream, Queue, request } from 'kevent';
import { KEVENT_FLAGS_NONBLOCK, kevent_wait } from 'kevent/raw';
import { fromStream } from 'kevent/rxjs';
import { from, Subject } from 'rxjs';

import { cpuMicroseconds, print } from '../measure/cpu.js';

const [events, rounds] = process.argv.slice(2, 4).map(Number);
const how = process.argv[4];
const queue = new Queue({ ringSize: events });
const requests = Array.from({ length: events }, (_, index) => request.user(index));
/** @type {import('kevent').Registration[]} */
let registrations = [];
let sum = 0;
let seen = 0;

/** @param {{ id: number, count: number }} value */
function next({ id, count }) {
  sum += id + count;
  seen += 1;
}

function bySubject() {
  /** @type {Subject<{ id: number, count: number }>} */
  const subject = new Subject();
  subject.subscribe(next);
  registrations = queue.addAll(requests, ({ id0: id, data0: count }) => subject.next({ id, count }));
}

/** @param {typeof fromStream} observe */
function byStream(observe) {
  /** @type {EventStream<{ id: number, count: number }>} */
  const stream = new EventStream({
    level: false,
    open(sink) {
      registrations = queue.addAll(requests, ({ id0: id, data0: count }) => sink.push({ id, count }));
      const nothing = () => undefined;
      return { mute: nothing, unmute: nothing, ref: nothing, unref: nothing, close: nothing };
    },
  });
  observe(stream).subscribe(next);
}

if (how === 'subject') bySubject();
else byStream(how === 'from' ? from : fromStream);

let deliver = 0;
for (let round = -Math.ceil(rounds / 10); round < rounds; round += 1) {
  for (const registration of registrations) registration.ready();
  const collected = kevent_wait(queue.fd, events, 0, null, KEVENT_FLAGS_NONBLOCK);
  if (collected !== events) throw new Error(`the ring took ${collected} of ${events} events`);
  seen = 0;
  const start = cpuMicroseconds();
  while (seen < events) await setImmediate();
  if (round >= 0) deliver += cpuMicroseconds() - start;
}
print({ deliver, sum });
queue.close();
