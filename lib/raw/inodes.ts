import { binding } from '../abi/binding.js';
import { invalidArgType, invalidArgValue } from '../abi/errors.js';
import { checkInt, checkU32 } from './arguments.js';
import { check } from './queues.js';

/**
 * Watches a path: what is returned is the id of an INODE kevent. Changes from this call on are kept for
 * the first kevent added with it. The same inode watched twice is one wd.
 *
 * @param fd - the queue
 * @param path - a Buffer for names that are not UTF-8
 * @param mask - KEVENT_INODE_*
 * @returns the wd
 * @throws ENOENT, EACCES, ENOTDIR (ONLYDIR), ENOSPC (fs.inotify.max_user_watches), EMFILE
 * (fs.inotify.max_user_instances), ENAMETOOLONG, EBADF, EINVAL
 * @example
 * const wd = kevent_inode_watch(fd, '/etc', KEVENT_INODE_CREATE | KEVENT_INODE_REMOVE);
 */
export function kevent_inode_watch(fd: number, path: string | Uint8Array, mask: number): number {
  checkInt('fd', fd);
  if (typeof path !== 'string' && !(path instanceof Uint8Array)) {
    throw invalidArgType('path', 'of type string or an instance of Buffer or Uint8Array', path);
  }
  if (typeof path === 'string' ? path.includes('\0') : path.includes(0)) {
    throw invalidArgValue('path', 'must be a string or Uint8Array without null bytes', path);
  }
  checkU32('mask', mask);
  const result = binding().inodeWatch(fd, path, mask);
  const hints = new Map([
    [-28, 'raise fs.inotify.max_user_watches'],
    [-24, 'raise fs.inotify.max_user_instances, or the limit of open files'],
    [-22, 'fd must be a kevent queue, mask a non-empty set of KEVENT_INODE_*'],
  ]);
  return check(result, 'kevent_inode_watch', hints.get(result));
}

/**
 * Watches no longer; the wd's last event is KEVENT_INODE_IGNORED.
 *
 * @param fd - the queue
 * @param wd - as `kevent_inode_watch` returned it
 * @throws EBADF, EINVAL (no such wd), EBUSY (a kevent uses it: remove that instead)
 * @example
 * kevent_inode_unwatch(fd, wd);
 */
export function kevent_inode_unwatch(fd: number, wd: number): void {
  checkInt('fd', fd);
  checkInt('wd', wd);
  check(
    binding().inodeUnwatch(fd, wd),
    'kevent_inode_unwatch',
    'wd must be one of this queue, without kevents',
  );
}

/**
 * What came with a delivered INODE or SIGNAL event and did not fit into its 40 bytes: see
 * `readInodeRecords` and `readSignalRecords`. It is kept until the event's slot is committed or, without
 * a slot, until KEVENT_KEPT_PAYLOADS later ones.
 *
 * @param fd - the queue
 * @param handle - the event's `ret_data[1]`; 0 means that there is none
 * @returns a copy
 * @throws ENOENT (none, or no longer kept), EBADF, EINVAL
 * @example
 * const records = readInodeRecords(kevent_payload(fd, readUkevent(slots, 0).ret_data[1]));
 */
export function kevent_payload(fd: number, handle: number): Uint8Array {
  checkInt('fd', fd);
  checkU32('handle', handle);
  const native = binding();
  const hint = 'the payload goes when its slot is committed';
  const length = check(native.payload(fd, handle, null), 'kevent_payload', hint);
  const bytes = new Uint8Array(length);
  check(native.payload(fd, handle, bytes), 'kevent_payload', hint);
  return bytes;
}
