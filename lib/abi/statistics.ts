import { binding } from './binding.js';
import { systemError } from './errors.js';

/** What a queue has done so far, and what it holds now. */
export interface Statistics {
  /** Kevents ever added. */
  total: number;
  /** Of these, ready when they were added and handed straight back (only without ALWAYS_QUEUE). */
  immediate: number;
  /** Events delivered, to the ring or a buffer. */
  delivered: number;
  /** Events moved to the ring. */
  ring: number;
  /** Times that a kevent's origin was no longer asked because its event was not committed yet. */
  muted: number;
  /** Times that a sleeping thread or a consumer was woken. */
  wakeups: number;
  /** Times that the origins were asked. */
  collects: number;
  /** Kevents registered now. */
  kevents: number;
  /** Events ready now, and not yet in the ring. */
  ready: number;
  /** Slots ever filled. */
  head: number;
  /** Slots ever committed; `head - tail` of them are in use. */
  tail: number;
  /** Bytes of native memory; the ring is not counted. */
  memory: number;
}

/** Fields, in the order of `struct kevent_statistics`. */
const FIELDS = [
  'total',
  'immediate',
  'delivered',
  'ring',
  'muted',
  'wakeups',
  'collects',
  'kevents',
  'ready',
  'head',
  'tail',
  'memory',
] as const;

/** Numbers in `struct kevent_statistics`. */
export const STATISTICS_LENGTH = FIELDS.length;

/** The statistics of a queue, by its fd. */
export function readStatistics(fd: number): Statistics {
  const values = new Float64Array(STATISTICS_LENGTH);
  const result = binding().stats(fd, values);
  if (result < 0) throw systemError(result, 'kevent_stats');
  const stats = {} as Statistics;
  FIELDS.forEach((field, index) => {
    stats[field] = values[index] ?? 0;
  });
  return stats;
}
