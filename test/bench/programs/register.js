// register.js TOTAL FIRST FDS
//
// kevent_ctl ADD of TOTAL user events, and of the FDS inherited eventfds from FIRST on, in arrays of
// 1, 100 and 10,000: CPU ns per entry. Each size meets an empty queue, three times, in turns.
import {
  KEVENT_CTL_ADD,
  KEVENT_POLL,
  KEVENT_POLL_POLLIN,
  KEVENT_UNOTIFY,
  kevent_close,
  kevent_ctl,
  kevent_init,
  UKEVENT_SIZE,
} from 'kevent/raw';

import { cpuMicroseconds, print } from '../measure/cpu.js';
import { median } from '../measure/numbers.js';

const WORDS = UKEVENT_SIZE / 4;
const TURNS = 5;
const SIZES = [1, 100, 10_000];
const [total, first, fds] = process.argv.slice(2).map(Number);

/** Each array on its own, written beforehand: what is measured is the call. */
function arrays(
  /** @type {number} */ type,
  /** @type {number} */ event,
  /** @type {number} */ from,
  /** @type {number} */ count,
  /** @type {number} */ size,
) {
  const all = new Uint32Array(count * WORDS);
  for (let index = 0; index < count; index += 1) {
    all[index * WORDS] = from + index;
    all[index * WORDS + 2] = type;
    all[index * WORDS + 3] = event;
  }
  return Array.from({ length: count / size }, (_, index) =>
    all.subarray(index * size * WORDS, (index + 1) * size * WORDS),
  );
}

function add(/** @type {Uint32Array[]} */ requests, /** @type {number} */ size) {
  const queue = kevent_init(null, 0);
  const start = cpuMicroseconds();
  for (const entries of requests) kevent_ctl(queue, KEVENT_CTL_ADD, size, entries);
  const spent = cpuMicroseconds() - start;
  kevent_close(queue);
  return (spent * 1000) / (requests.length * size);
}

function measure(
  /** @type {number} */ type,
  /** @type {number} */ event,
  /** @type {number} */ from,
  /** @type {number} */ count,
) {
  /** @type {Record<number, number[]>} */
  const spent = Object.fromEntries(SIZES.map((size) => [size, []]));
  for (let turn = -1; turn < TURNS; turn += 1) {
    for (const size of SIZES) {
      const nanoseconds = add(arrays(type, event, from, count, size), size);
      if (turn >= 0) spent[size].push(nanoseconds);
    }
  }
  return Object.fromEntries(SIZES.map((size) => [size, median(spent[size])]));
}

print({
  user: measure(KEVENT_UNOTIFY, 0, 1, total),
  poll: measure(KEVENT_POLL, KEVENT_POLL_POLLIN, first, fds),
});
