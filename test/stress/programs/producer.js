// A worker that makes `total` occurrences of one sort: user events, ONESHOT user events, or bytes in pipes.
import { writeSync } from 'node:fs';
import { workerData } from 'node:worker_threads';
import {
  KEVENT_CTL_ADD,
  KEVENT_CTL_READY,
  KEVENT_REQ_ONESHOT,
  KEVENT_REQ_READY,
  KEVENT_UNOTIFY,
  kevent_ctl,
  kevent_share,
  UKEVENT_SIZE,
  writeUkevent,
} from 'kevent/raw';
import { EDGE, LEVEL, ONCE, ONCE_ARRIVED, PER_KIND } from './account.js';

const { fd, ring, pipes, sort, total } = workerData;
const counters = /** @type {Int32Array} */ (workerData.counters);
const BATCH = 32;
const AHEAD = 4096;
const entries = new Uint8Array(BATCH * UKEVENT_SIZE);

kevent_share(fd, ring);
if (sort === 'user') produceUserEvents();
if (sort === 'once') produceOnce();
if (sort === 'pipe') produceBytes();

/** @param {number} result @param {number} count */
function allDone(result, count) {
  if (result !== count) throw new Error(`kevent_ctl carried out ${result} of ${count} entries`);
}

function produceUserEvents() {
  for (let made = 0; made < total; ) {
    const count = Math.min(1 + (made % BATCH), total - made);
    for (let i = 0; i < count; i += 1) {
      const kind = (made + i) % 2 === 0 ? LEVEL : EDGE;
      writeUkevent(entries, i, { type: KEVENT_UNOTIFY, id: kind, user: [kind, (made + i) % PER_KIND] });
    }
    allDone(kevent_ctl(fd, KEVENT_CTL_READY, count, entries), count);
    made += count;
  }
}

// Half of them are ready by REQ_READY at ADD, half by CTL_READY.
function produceOnce() {
  for (let made = 0; made < total; ) {
    const count = Math.min(BATCH, total - made);
    const ready = made % (2 * BATCH) === 0 ? KEVENT_REQ_READY : 0;
    for (let i = 0; i < count; i += 1) {
      const user = /** @type {[number, number]} */ ([ONCE, made + i]);
      writeUkevent(entries, i, {
        type: KEVENT_UNOTIFY,
        id: ONCE,
        user,
        req_flags: KEVENT_REQ_ONESHOT | ready,
      });
    }
    allDone(kevent_ctl(fd, KEVENT_CTL_ADD, count, entries), count);
    if (!ready) allDone(kevent_ctl(fd, KEVENT_CTL_READY, count, entries), count);
    made += count;
    for (let seen = Atomics.load(counters, ONCE_ARRIVED); made - seen > AHEAD; ) {
      Atomics.wait(counters, ONCE_ARRIVED, seen, 1);
      seen = Atomics.load(counters, ONCE_ARRIVED);
    }
  }
}

function produceBytes() {
  const bytes = new Uint8Array(64);
  for (let made = 0, turn = 0; made < total; turn += 1) {
    const count = Math.min(1 + (turn % bytes.length), total - made);
    try {
      made += writeSync(pipes[turn % pipes.length], bytes, 0, count);
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EAGAIN')) throw error;
    }
  }
}
