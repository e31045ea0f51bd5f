import { statSync } from 'node:fs';

import { KEVENT_INODE_IGNORED, KEVENT_INODE_ONLYDIR } from '../../abi/constants.js';
import { errnoName } from '../../abi/errors.js';
import { watchError } from './group.js';
import { SELF, STRUCTURE } from './masks.js';
import { toSystem } from './names.js';
import type { Context } from './target.js';

/**
 * Watches for the root's name: in its parent or, where that is gone too, in the nearest directory above that is there.
 * The root's own watch would not tell that another one has taken its place, and it tells late that a directory was
 * removed while somebody is in it.
 */
export class Anchor {
  readonly #context: Context;
  /** The directories above, without a slash at the end. */
  readonly #parts: readonly string[];
  #wd = -1;
  /** The entry in the watched directory that leads to the root. */
  #name = '';

  constructor(context: Context) {
    this.#context = context;
    this.#parts = context.root.split('/').slice(1);
  }

  /** The watch; -1 if there is none: the root is /, or its parent may not be read. */
  get wd(): number {
    return this.#wd;
  }

  /** Whether the current record may be about the root, or about the way to it. */
  concerns(): boolean {
    const { wd, mask, name } = this.#context.records;
    if (wd !== this.#wd) return false;
    if ((mask & (SELF | KEVENT_INODE_IGNORED)) !== 0) return true;
    return (mask & STRUCTURE) !== 0 && name === this.#name;
  }

  /**
   * Watches the nearest directory above that is there. What appears in it after that is told.
   *
   * @param needed - whether it matters that it cannot be read
   * @param keep - whether a watch is used otherwise
   * @throws EACCES, ENOSPC …
   */
  place(needed: boolean, keep: (wd: number) => boolean): void {
    const { group } = this.#context;
    const before = this.#wd;
    const parts = this.#parts;
    this.#wd = -1;
    for (let depth = parts.length - 1; depth >= 0; ) {
      const path = `/${parts.slice(0, depth).join('/')}`;
      const wd = group.watch(path, STRUCTURE | SELF | KEVENT_INODE_ONLYDIR);
      if (wd < 0 && isGone(wd)) {
        depth -= 1;
        continue;
      }
      if (wd < 0 && !needed && errnoName(wd) === 'EACCES') break;
      if (wd < 0) throw watchError(wd, path);
      const name = parts[depth] ?? '';
      // It may have come before the watch was on: then it is to be watched instead.
      if (depth < parts.length - 1 && isDirectory(`${depth === 0 ? '' : path}/${name}`)) {
        if (wd !== before && !keep(wd)) group.unwatch(wd);
        depth += 1;
        continue;
      }
      this.#wd = wd;
      this.#name = name;
      break;
    }
    if (before >= 0 && before !== this.#wd && !keep(before)) group.unwatch(before);
  }
}

/** Whether there is nothing, or no directory, at a path. @param errno - negative, of `Group.watch` */
export function isGone(errno: number): boolean {
  const code = errnoName(errno);
  return code === 'ENOENT' || code === 'ENOTDIR' || code === 'ELOOP';
}

function isDirectory(path: string): boolean {
  try {
    return statSync(toSystem(path)).isDirectory();
  } catch {
    return false;
  }
}
