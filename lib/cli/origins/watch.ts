import {
  KEVENT_INODE_ATTRIB,
  KEVENT_INODE_CLOSE_WRITE,
  KEVENT_INODE_CREATE,
  KEVENT_INODE_DELETE_SELF,
  KEVENT_INODE_IGNORED,
  KEVENT_INODE_MODIFY,
  KEVENT_INODE_MOVE_SELF,
  KEVENT_INODE_MOVED_FROM,
  KEVENT_INODE_MOVED_TO,
  KEVENT_INODE_REMOVE,
} from '../../abi/constants.js';
import { defaultQueue } from '../../default_queue.js';
import type { Occurrences, Origin } from './origin.js';

const KINDS: readonly (readonly [number, string])[] = [
  [KEVENT_INODE_CREATE, 'create'],
  [KEVENT_INODE_MODIFY, 'modify'],
  [KEVENT_INODE_CLOSE_WRITE, 'write'],
  [KEVENT_INODE_ATTRIB, 'attributes'],
  [KEVENT_INODE_REMOVE, 'delete'],
  [KEVENT_INODE_DELETE_SELF, 'delete'],
  [KEVENT_INODE_MOVED_FROM, 'from'],
  [KEVENT_INODE_MOVED_TO, 'to'],
  [KEVENT_INODE_MOVE_SELF, 'move'],
];
const ALL = KINDS.reduce((mask, [bit]) => mask | bit, 0);

/** `watch:./src`: changes of a file, or in a directory. */
export const watch: Origin = {
  name: 'watch',
  argument: './src',
  about: 'changes of a file, or in a directory',
  open(argument): Occurrences {
    return {
      subscribe(observer) {
        const registration = defaultQueue().watch(argument, ALL, (event) => {
          if (event.broken) return observer.error?.(event.error());
          for (const { mask, name } of event.payload()) {
            const [, kind = ''] = KINDS.find(([bit]) => (mask & bit) !== 0) ?? [];
            const path = name.length > 0 ? `${argument}/${name}` : argument;
            if (kind !== '') observer.next?.({ text: `${kind} ${path}`, fields: { kind, path } });
          }
          if ((event.data0 & KEVENT_INODE_IGNORED) !== 0) observer.complete?.();
        });
        return { unsubscribe: () => void registration.remove() };
      },
    };
  },
};
