import {
  KEVENT_INODE_ACCESS,
  KEVENT_INODE_ATTRIB,
  KEVENT_INODE_CLOSE_NOWRITE,
  KEVENT_INODE_CLOSE_WRITE,
  KEVENT_INODE_OPEN,
} from '../../abi/constants.js';
import { CONTENTS } from './masks.js';
import type { Context } from './target.js';

/** Tells of the current record what happened to an entry, or to the root, without changing where it is. */
export function tellUse(context: Context, place: string, directory: boolean): void {
  const { records, found } = context;
  let { mask } = records;
  if ((mask & context.mask) === 0) return;
  if ((mask & KEVENT_INODE_ATTRIB) !== 0) {
    found.push({ type: 'attributes', path: context.shown(place), directory, mask });
  } else if ((mask & KEVENT_INODE_OPEN) !== 0) {
    found.push({ type: 'open', path: context.shown(place), directory, mask });
  } else if ((mask & KEVENT_INODE_ACCESS) !== 0) {
    found.push({ type: 'access', path: context.shown(place), directory, mask });
  } else if ((mask & closing(context)) !== 0) {
    const written = (mask & KEVENT_INODE_CLOSE_WRITE) !== 0;
    found.push({ type: 'close', path: context.shown(place), directory, mask, written });
  } else if ((mask & CONTENTS) !== 0) {
    // Written and then closed, or written again, with nothing else in between: one change.
    const bits = context.mask & CONTENTS & ~closing(context);
    for (let more = records.advanceIfSame(bits); more !== 0; more = records.advanceIfSame(bits)) mask |= more;
    found.push({ type: 'change', path: context.shown(place), directory: false, mask });
  }
}

/** Who asks for closes is told of all of them as such; otherwise the close of a file that was written is a change. */
function closing(context: Context): number {
  if ((context.mask & KEVENT_INODE_CLOSE_NOWRITE) === 0) return 0;
  return KEVENT_INODE_CLOSE_NOWRITE | KEVENT_INODE_CLOSE_WRITE;
}
