import { binding } from '../abi/binding.js';
import { checkInt, checkPosition, checkU32 } from './arguments.js';
import { check } from './queues.js';

/**
 * Becomes a consumer of a queue's ring: claimed slots belong to exactly one consumer, events of
 * WAKEUP_ALL kevents to each that there was.
 *
 * @param fd - the queue
 * @returns the consumer's number
 * @throws EBADF, EINVAL (no ring), EUSERS (63 consumers already)
 * @example
 * const consumer = kevent_consumer_open(fd);
 */
export function kevent_consumer_open(fd: number): number {
  const hint = 'the queue must have a ring, and at most 63 consumers';
  return check(binding().consumerOpen(checkInt('fd', fd)), 'kevent_consumer_open', hint);
}

/**
 * Is a consumer no longer; what it had claimed and not finished is claimed by another.
 *
 * @param fd - the queue
 * @param consumer - as `kevent_consumer_open` returned it
 * @throws EBADF, EINVAL (no such consumer)
 * @example
 * kevent_consumer_close(fd, consumer);
 */
export function kevent_consumer_close(fd: number, consumer: number): void {
  checkInt('fd', fd);
  checkInt('consumer', consumer);
  check(binding().consumerClose(fd, consumer), 'kevent_consumer_close', 'the queue must have this consumer');
}

/**
 * Is done with `count` claimed slots from `position` on.
 *
 * @param fd - the queue
 * @param consumer - as `kevent_consumer_open` returned it
 * @param position - of the first slot, as `kevent_claim` returned it
 * @param count - slots
 * @returns how many slots became free: 0 while earlier ones are still held, and if it was done before
 * @throws EBADF, EINVAL (not claimed by this consumer)
 * @example
 * const { position, count } = kevent_claim(fd, consumer, 64, null);
 * kevent_finish(fd, consumer, position, count);
 */
export function kevent_finish(fd: number, consumer: number, position: number, count: number): number {
  checkInt('fd', fd);
  checkInt('consumer', consumer);
  checkPosition('position', position);
  checkU32('count', count);
  const hint = 'the slots must be claimed by this consumer';
  return check(binding().finish(fd, consumer, position, count), 'kevent_finish', hint);
}
