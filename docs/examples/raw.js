// The five calls of 2006, under their own names: a timer, read from the ring in place.
import {
  createRing,
  KEVENT_CTL_ADD,
  KEVENT_TIMER,
  KEVENT_TIMER_FIRED,
  kevent_close,
  kevent_commit,
  kevent_ctl,
  kevent_get_events,
  kevent_init,
  kevent_wait,
  RING_HEADER,
  readUkevent,
  UKEVENT_SIZE,
  writeUkevent,
} from 'kevent/raw';

const SIZE = 8;
const ring = createRing(SIZE);
const slots = new Uint8Array(ring, RING_HEADER);
const fd = kevent_init(ring, SIZE);

const entry = new Uint8Array(UKEVENT_SIZE);
writeUkevent(entry, 0, { id: [0, 10_000_000], type: KEVENT_TIMER, event: KEVENT_TIMER_FIRED });
kevent_ctl(fd, KEVENT_CTL_ADD, 1, entry);

// Through the ring: `seen` is one position, kept as an index and how often it has wrapped.
let seen = 0;
while (seen < 10) {
  const moved = kevent_wait(fd, SIZE, seen % SIZE, null);
  for (let i = 0; i < moved; i += 1, seen += 1) {
    const { ret_data } = readUkevent(slots, seen % SIZE);
    console.log(`slot ${seen % SIZE}: the timer fired, periods: ${ret_data[0]}`);
  }
  kevent_commit(fd, seen % SIZE, Math.floor(seen / SIZE));
}

// Or into a buffer of one's own.
const buffer = new Uint8Array(4 * UKEVENT_SIZE);
const count = kevent_get_events(fd, 1, 4, 1_000_000_000n, buffer);
console.log(`${count} event in the buffer`);

kevent_close(fd);
