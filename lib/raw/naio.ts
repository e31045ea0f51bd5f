import { binding } from '../abi/binding.js';
import {
  KEVENT_NAIO_MAX_BLOCK_SIZE,
  KEVENT_NAIO_MAX_BLOCKS,
  KEVENT_NAIO_MIN_BLOCK_SIZE,
} from '../abi/constants.js';
import { invalidArgType, systemError } from '../abi/errors.js';
import { checkInt, checkU32 } from './arguments.js';
import { check } from './queues.js';

const EBUSY = -16;

/**
 * Sets up the slab that NAIO kevents of a queue receive into, before any of them has. Without this call it has
 * KEVENT_NAIO_BLOCKS blocks of KEVENT_NAIO_BLOCK_SIZE bytes. Blocks are allocated as they are needed.
 *
 * @param fd - the queue
 * @param block_size - bytes of a block: a power of two, KEVENT_NAIO_MIN_BLOCK_SIZE to KEVENT_NAIO_MAX_BLOCK_SIZE
 * @param blocks - how many there may be: 1 to KEVENT_NAIO_MAX_BLOCKS
 * @throws EBUSY (the queue has received something), EINVAL, EBADF
 * @example
 * kevent_naio_slab(fd, 65536, 1024);
 */
export function kevent_naio_slab(fd: number, block_size: number, blocks: number): void {
  checkInt('fd', fd);
  checkU32('block_size', block_size);
  checkU32('blocks', blocks);
  const result = binding().naioSlab(fd, block_size, blocks);
  const hint =
    result === EBUSY
      ? 'it has to be called before anything is received'
      : `block_size must be a power of two from ${KEVENT_NAIO_MIN_BLOCK_SIZE} to ${KEVENT_NAIO_MAX_BLOCK_SIZE}, ` +
        `blocks at most ${KEVENT_NAIO_MAX_BLOCKS}`;
  check(result, 'kevent_naio_slab', hint);
}

/**
 * The memory of a block, where it is. It stays good for as long as the ArrayBuffer does, the queue closed or not; but
 * what an event says is in it is good until the event's slot is committed, and then others are received there.
 * Without a ring, it is good until the next `kevent_get_events` on the queue.
 *
 * @param fd - the queue
 * @param block - as `readNaio` says. Ask for it while the event's slot is not committed
 * @param keep - true: the block is never received into again; it is the ArrayBuffer's, and the queue takes other memory
 * @returns one more ArrayBuffer of the same memory: keep it, and do not ask for each event
 * @throws ENOENT (no such block), ENOTSUP (this program cannot have memory of others in an ArrayBuffer), EBADF
 * @example
 * const { block, offset, length } = readNaio(readUkevent(slots, 0).ret_data);
 * const bytes = Buffer.from(kevent_naio_hold(fd, block), offset, length);
 */
export function kevent_naio_hold(fd: number, block: number, keep = false): ArrayBuffer {
  checkInt('fd', fd);
  checkU32('block', block);
  if (typeof keep !== 'boolean') throw invalidArgType('keep', 'of type boolean', keep);
  const memory = binding().naioBlock(fd, block, keep);
  if (typeof memory === 'number') {
    throw systemError(
      memory,
      'kevent_naio_hold',
      'block must be that of an event whose slot is not committed',
    );
  }
  return memory;
}
