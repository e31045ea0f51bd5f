// idle.js eventfds|user ACTIVE FIRST FDS
//
// The cost of one event while 10 ... 100,000 other kevents are registered and idle: timers of a day,
// user events, and POLL kevents on the inherited eventfds FIRST + ACTIVE ... FIRST + FDS - 1. One queue, to
// which idle kevents are added and from which they are removed again, several times up and down.
//   eventfds: another process writes and drains the first ACTIVE eventfds; `for await (const batch of queue)`
//   user: ACTIVE user events, made ready by one kevent_ctl and fetched by one kevent_get_events
import { setTimeout as sleep } from 'node:timers/promises';

import { Queue, request } from 'kevent';
import {
  KEVENT_CTL_ADD,
  KEVENT_CTL_READY,
  KEVENT_CTL_REMOVE,
  KEVENT_POLL,
  KEVENT_POLL_POLLIN,
  KEVENT_REQ_ALWAYS_QUEUE,
  KEVENT_TIMER,
  KEVENT_TIMER_FIRED,
  KEVENT_UNOTIFY,
  kevent_close,
  kevent_ctl,
  kevent_get_events,
  kevent_init,
  UKEVENT_SIZE,
} from 'kevent/raw';

import { cpuMicroseconds, print } from '../measure/cpu.js';
import { median } from '../measure/numbers.js';

const WORDS = UKEVENT_SIZE / 4;
const LEVELS = [10, 100, 1000, 10_000, 100_000];
const CYCLES = 3;
const DAY = 86_400;

const way = process.argv[2];
const [active, first, fds] = process.argv.slice(3).map(Number);

/** One ukevent for each idle kevent, in the order in which they come and go. */
function idleEntries() {
  const entries = new Uint32Array(LEVELS[LEVELS.length - 1] * WORDS);
  let fd = first + active;
  for (let index = 0; index * WORDS < entries.length; index += 1) {
    const base = index * WORDS;
    // user: never that of a Registration, whose generation begins at 1.
    entries.set([index, 0, KEVENT_UNOTIFY, 0, KEVENT_REQ_ALWAYS_QUEUE, 0, 0, 0, index, 0], base);
    if (index % 3 === 1) entries.set([DAY, index, KEVENT_TIMER, KEVENT_TIMER_FIRED], base);
    if (index % 3 === 2 && fd < first + fds) {
      entries.set([fd, 0, KEVENT_POLL, KEVENT_POLL_POLLIN], base);
      fd += 1;
    }
  }
  return entries;
}

/**
 * Goes up and down the levels, measuring at each.
 *
 * @param {number} queue - fd
 * @param {() => Promise<number>} cost - of one event, in ns
 */
async function sweep(queue, cost) {
  const entries = idleEntries();
  /** @type {Record<number, number[]>} */
  const costs = Object.fromEntries(LEVELS.map((level) => [level, []]));
  let registered = 0;
  for (let cycle = -1; cycle < CYCLES; cycle += 1) {
    for (const level of [...LEVELS, ...[...LEVELS].reverse()]) {
      const [command, from, to] =
        level > registered ? [KEVENT_CTL_ADD, registered, level] : [KEVENT_CTL_REMOVE, level, registered];
      const done = kevent_ctl(queue, command, to - from, entries.subarray(from * WORDS, to * WORDS));
      if (done !== to - from) throw new Error(`kevent_ctl carried out ${done} of ${to - from}`);
      registered = level;
      const nanoseconds = await cost();
      if (cycle >= 0) costs[level].push(nanoseconds);
    }
  }
  print(Object.fromEntries(LEVELS.map((level) => [level, median(costs[level])])));
}

if (way === 'user') {
  const queue = kevent_init(null, 0);
  const entries = new Uint32Array(active * WORDS);
  for (let index = 0; index < active; index += 1) {
    entries.set([1_000_000 + index, 0, KEVENT_UNOTIFY, 0], index * WORDS);
  }
  kevent_ctl(queue, KEVENT_CTL_ADD, active, entries);
  const buffer = new Uint32Array(active * WORDS);
  await sweep(queue, async () => {
    const rounds = 3000;
    const start = cpuMicroseconds();
    for (let round = 0; round < rounds; round += 1) {
      kevent_ctl(queue, KEVENT_CTL_READY, active, entries);
      kevent_get_events(queue, active, active, null, buffer);
    }
    return ((cpuMicroseconds() - start) * 1000) / (rounds * active);
  });
  kevent_close(queue);
} else {
  const queue = new Queue({ ringSize: 4096 });
  queue.addAll(Array.from({ length: active }, (_, index) => request.poll(first + index, 'in')));
  let events = 0;
  const loop = (async () => {
    for await (const batch of queue) events += batch.length;
  })();
  await sweep(queue.fd, async () => {
    await sleep(20);
    events = 0;
    const start = cpuMicroseconds();
    await sleep(100);
    return ((cpuMicroseconds() - start) * 1000) / events;
  });
  queue.close();
  await loop;
}
