import type { QueueEvent } from '../queue/event.js';

const WHAT_SHIFT = 24;
const LENGTH_MASK = (1 << WHAT_SHIFT) - 1;

/** What is ready, of an event of a NAIO kevent: KEVENT_SOCKET_* bits. */
export function readyFor(event: QueueEvent<unknown, unknown>): number {
  return event.data0 >>> WHAT_SHIFT;
}

/** Bytes that were received; none, if RECV is ready, is the end. */
export function receivedBytes(event: QueueEvent<unknown, unknown>): number {
  return event.data0 & LENGTH_MASK;
}
