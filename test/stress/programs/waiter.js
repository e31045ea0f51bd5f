// A worker that takes events from a queue in one of three ways until it is told to stop, or that only holds some.
import { parentPort, workerData } from 'node:worker_threads';
import {
  kevent_claim,
  kevent_commit,
  kevent_consumer_close,
  kevent_consumer_open,
  kevent_finish,
  kevent_get_events,
  kevent_share,
  kevent_stats,
  kevent_wait,
  RING_HEADER,
  UKEVENT_SIZE,
} from 'kevent/raw';
import { Account, CURSOR, READING, STOP } from './account.js';

const { fd, ring, size, way } = workerData;
const counters = /** @type {Int32Array} */ (workerData.counters);
const account = new Account(workerData);
const slots = ring === null ? new Uint32Array(0) : new Uint32Array(ring, RING_HEADER);

kevent_share(fd, ring);
if (way === 'claim') claimAndFinish();
if (way === 'wait') waitAndCommit();
if (way === 'get_events') getEvents();
if (way === 'hold') hold();

// Only a token can have woken a thread that finds nothing.
function isOver() {
  return Atomics.load(counters, STOP) === 1;
}

function claimAndFinish() {
  const consumer = kevent_consumer_open(fd);
  for (;;) {
    const { position, count } = kevent_claim(fd, consumer, 512, null);
    if (count === 0 && isOver()) break;
    account.arrived(slots, position % size, count);
    kevent_finish(fd, consumer, position, count);
  }
  kevent_consumer_close(fd, consumer);
}

// As in the seed: no slot belongs to anybody, so the threads share a lock and a cursor. Their commits
// come in any order.
function waitAndCommit() {
  for (;;) {
    const seen = Atomics.load(counters, CURSOR);
    const moved = kevent_wait(fd, size, seen % size, null);
    if (moved === 0 && isOver()) return;
    while (Atomics.compareExchange(counters, READING, 0, 1) !== 0) Atomics.wait(counters, READING, 1);
    const end = Number(kevent_stats(fd).head);
    for (let at = Atomics.load(counters, CURSOR); at < end; at += 1) account.arrived(slots, at % size, 1);
    Atomics.store(counters, CURSOR, end);
    Atomics.store(counters, READING, 0);
    Atomics.notify(counters, READING, 1);
    commit(end);
  }
}

/** @param {number} end */
function commit(end) {
  try {
    kevent_commit(fd, end % size, Math.floor(end / size));
  } catch (error) {
    // Overtaken by more than one wrap.
    if (!(error instanceof Error && 'code' in error && error.code === 'EOVERFLOW')) throw error;
  }
}

function getEvents() {
  const buffer = new Uint32Array((64 * UKEVENT_SIZE) / 4);
  for (;;) {
    const moved = kevent_get_events(fd, 1, 64, null, buffer);
    if (moved === 0 && isOver()) return;
    account.arrived(buffer, 0, moved);
  }
}

// Claims what it can get, and then is of no more use.
function hold() {
  const consumer = kevent_consumer_open(fd);
  const { count } = kevent_claim(fd, consumer, 1 << 20, null);
  parentPort?.postMessage(count);
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
}
