// timers-raw.js COUNT
//
// COUNT one-shot TIMER kevents by kevent_ctl in arrays of 10,000: added, cancelled, added again,
// and fired into kevent_get_events. CPU time of each step in µs; filling the arrays is part of it.
import {
  KEVENT_CTL_ADD,
  KEVENT_CTL_REMOVE,
  KEVENT_REQ_ONESHOT,
  KEVENT_TIMER,
  KEVENT_TIMER_FIRED,
  kevent_close,
  kevent_ctl,
  kevent_get_events,
  kevent_init,
  UKEVENT_SIZE,
} from 'kevent/raw';

import { cpuMicroseconds, print } from '../measure/cpu.js';
import { durations } from './timers-durations.js';

const ARRAY = 10_000;
const WORDS = UKEVENT_SIZE / 4;
const count = Number(process.argv[2]);
const milliseconds = durations(count);
const queue = kevent_init(null, 0);
const entries = new Uint32Array(ARRAY * WORDS);

function control(/** @type {number} */ command) {
  const start = cpuMicroseconds();
  for (let from = 0; from < count; from += ARRAY) {
    for (let index = 0; index < ARRAY; index += 1) {
      const duration = milliseconds[from + index];
      const base = index * WORDS;
      entries[base] = Math.trunc(duration / 1000);
      entries[base + 1] = (duration % 1000) * 1_000_000;
      entries[base + 2] = KEVENT_TIMER;
      entries[base + 3] = KEVENT_TIMER_FIRED;
      entries[base + 4] = KEVENT_REQ_ONESHOT;
      entries[base + 8] = from + index;
    }
    const done = kevent_ctl(queue, command, ARRAY, entries);
    if (done !== ARRAY) throw new Error(`kevent_ctl carried out ${done} of ${ARRAY}`);
  }
  return cpuMicroseconds() - start;
}

const add = control(KEVENT_CTL_ADD);
const cancel = control(KEVENT_CTL_REMOVE);

control(KEVENT_CTL_ADD);
const buffer = new Uint32Array(4096 * WORDS);
const start = cpuMicroseconds();
let sum = 0;
for (let fired = 0; fired < count; ) {
  const events = kevent_get_events(queue, 1, 4096, null, buffer);
  for (let index = 0; index < events; index += 1) sum += buffer[index * WORDS + 8];
  fired += events;
}
print({ add, cancel, fire: cpuMicroseconds() - start, sum });
kevent_close(queue);
