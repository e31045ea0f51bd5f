import { KEVENT_NAIO_BLOCK_SHIFT, KEVENT_NAIO_WHAT_SHIFT } from './constants.js';
import type { Words } from './ukevent.js';

/** What the event of a NAIO kevent says. */
export interface NaioData {
  /** What is ready: KEVENT_SOCKET_* bits. RECV with a `length` of 0 is the end of the stream. */
  what: number;
  /** Bytes that were received. */
  length: number;
  /** The block of the slab that they are in: see `kevent_naio_hold`. */
  block: number;
  /** Where in the block they begin. */
  offset: number;
}

const LENGTH_MASK = 2 ** KEVENT_NAIO_WHAT_SHIFT - 1;
const OFFSET_MASK = 2 ** KEVENT_NAIO_BLOCK_SHIFT - 1;

/**
 * The parts of a delivered NAIO event.
 *
 * @param ret_data - the event's own
 * @example
 * const { block, offset, length } = readNaio(readUkevent(slots, 0).ret_data);
 */
export function readNaio([first, second]: Words): NaioData {
  return {
    what: first >>> KEVENT_NAIO_WHAT_SHIFT,
    length: first & LENGTH_MASK,
    block: second >>> KEVENT_NAIO_BLOCK_SHIFT,
    offset: second & OFFSET_MASK,
  };
}
