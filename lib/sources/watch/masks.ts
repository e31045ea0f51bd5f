import {
  KEVENT_INODE_ACCESS,
  KEVENT_INODE_ATTRIB,
  KEVENT_INODE_CLOSE_NOWRITE,
  KEVENT_INODE_CLOSE_WRITE,
  KEVENT_INODE_CREATE,
  KEVENT_INODE_DELETE_SELF,
  KEVENT_INODE_MODIFY,
  KEVENT_INODE_MOVE_SELF,
  KEVENT_INODE_MOVED_FROM,
  KEVENT_INODE_MOVED_TO,
  KEVENT_INODE_OPEN,
  KEVENT_INODE_REMOVE,
} from '../../abi/constants.js';
import { invalidArgType, invalidArgValue } from '../../abi/errors.js';

/** What changes the names in a directory: always asked for, so that the picture of the tree is right. */
export const STRUCTURE =
  KEVENT_INODE_CREATE | KEVENT_INODE_REMOVE | KEVENT_INODE_MOVED_FROM | KEVENT_INODE_MOVED_TO;
/** What happens to the watched inode itself, if that is what the path leads to. */
export const SELF = KEVENT_INODE_DELETE_SELF | KEVENT_INODE_MOVE_SELF;
export const CONTENTS = KEVENT_INODE_MODIFY | KEVENT_INODE_CLOSE_WRITE;

const DEFAULT = STRUCTURE | CONTENTS;
const ALL =
  DEFAULT | SELF | KEVENT_INODE_ATTRIB | KEVENT_INODE_OPEN | KEVENT_INODE_ACCESS | KEVENT_INODE_CLOSE_NOWRITE;

/** @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE */
export function toMask(mask: number | undefined): number {
  if (mask === undefined) return DEFAULT;
  if (typeof mask !== 'number') throw invalidArgType('options.mask', 'a number', mask);
  if (Number.isInteger(mask) && mask > 0 && (mask & ~ALL) === 0 && mask <= ALL) return mask;
  throw invalidArgValue('options.mask', 'must be a mask of KEVENT_INODE_* events', mask);
}
