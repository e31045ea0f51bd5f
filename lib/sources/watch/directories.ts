import {
  KEVENT_INODE_ATTRIB,
  KEVENT_INODE_DONT_FOLLOW,
  KEVENT_INODE_EXCL_UNLINK,
  KEVENT_INODE_ONLYDIR,
} from '../../abi/constants.js';
import { errnoName } from '../../abi/errors.js';
import { Anchor, isGone } from './anchor.js';
import { watchError } from './group.js';
import { SELF, STRUCTURE } from './masks.js';
import type { Context } from './target.js';
import { Directory } from './tree.js';

/** A directory that is to be read, and compared with what is known of it. */
export interface Reading {
  readonly directory: Directory;
  /** Tell what is new. */
  readonly tell: boolean;
  /** Also read the directories below it that are known already. */
  readonly deep: boolean;
  /** Tell of files that were changed after this time (milliseconds since the epoch); 0: do not look. */
  readonly since: number;
  /** If it is not there, it has been removed: no record that says so is on its way. */
  readonly sure: boolean;
  /** Only if it is not the one that was read before. */
  readonly again: boolean;
  /** Only whether there is an entry of that name that is not known. */
  readonly only: string | undefined;
}

/** How {@link Directories.follow} ended. */
export type Followed =
  /** It is watched, as it was before. */
  | 'same'
  /** It is watched now; if it was before, another directory has taken its place. */
  | 'new'
  /** There is no directory there any more: a record that is still to come says so. */
  | 'gone'
  /** The same directory is watched in another place of the tree: one of the two is a bind mount. */
  | 'elsewhere'
  /** A negative errno. */
  | number;

/** The lack of one of these is the whole program's trouble, not one directory's. */
const FATAL: readonly string[] = ['ENOSPC', 'EMFILE', 'ENFILE', 'ENOMEM', 'EBADF', 'EINVAL'];

/** @param errno - negative */
export function isFatal(errno: number): boolean {
  return FATAL.includes(errnoName(errno));
}

/** The watched directories of a tree, and which of them are to be read. */
export class Directories {
  readonly anchor: Anchor;
  root = new Directory(undefined, '');
  readonly #context: Context;
  readonly #mask: number;
  readonly #byWd = new Map<number, Directory>();
  /** Next the last one. */
  readonly #readings: Reading[] = [];
  /**
   * Those that were read when records of what had happened before may still have been on their way: if one of these
   * says that a directory above was renamed, what was read in its old place was perhaps another one.
   */
  readonly #fresh = new Set<Directory>();
  /** Names that may be there although all records say that they are not. */
  readonly #doubtful = new Map<Directory, Set<string>>();

  constructor(context: Context) {
    this.#context = context;
    this.#mask = STRUCTURE | (context.mask & ~SELF) | KEVENT_INODE_ONLYDIR | KEVENT_INODE_EXCL_UNLINK;
    this.anchor = new Anchor(context);
  }

  get unsettled(): boolean {
    return this.#fresh.size > 0 || this.#doubtful.size > 0;
  }

  /** Whether there are directories to be read. */
  get busy(): boolean {
    return this.#readings.length > 0;
  }

  /** See {@link Target.settle}. */
  settle(all: boolean): void {
    for (const directory of this.#fresh) {
      if (all && !directory.listed && !directory.unreadable) {
        // It was not there when it was to be read, and no record explains why: once more, now that its place is known.
        this.read(directory, { deep: true, sure: true });
      } else if (!all && directory.listed && !directory.checked) {
        // Before it is renamed: then nobody could say whether it was still the same one when it had been read.
        directory.checked = true;
        this.read(directory, { again: true });
      }
    }
    if (!all) return;
    this.#fresh.clear();
    for (const [directory, names] of this.#doubtful) {
      for (const only of names) this.read(directory, { only });
    }
    this.#doubtful.clear();
  }

  /** When all records have been dealt with, it is looked whether there is an entry of that name all the same. */
  doubt(directory: Directory, name: string): void {
    const names = this.#doubtful.get(directory);
    if (names === undefined) this.#doubtful.set(directory, new Set([name]));
    else names.add(name);
  }

  find(wd: number): Directory | undefined {
    return this.#byWd.get(wd);
  }

  placeAnchor(needed: boolean): void {
    this.anchor.place(needed, (wd) => this.#byWd.has(wd));
  }

  /** Has a directory read, before the next record is looked at. */
  read(directory: Directory, options: Partial<Omit<Reading, 'directory'>> = {}): void {
    this.#readings.push({
      directory,
      tell: true,
      deep: false,
      since: 0,
      sure: false,
      again: false,
      only: undefined,
      ...options,
    });
  }

  nextReading(): Reading | undefined {
    for (;;) {
      const reading = this.#readings.pop();
      if (reading === undefined || this.#has(reading.directory)) return reading;
    }
  }

  /** A directory was renamed: what was read too early below it is read again. */
  readAgain(moved: Directory): void {
    for (const directory of this.#fresh) if (directory.isWithin(moved)) this.read(directory, { again: true });
  }

  /** Watches what is where the directory should be. @throws ENOSPC, ENOMEM … */
  follow(directory: Directory): Followed {
    const { group } = this.#context;
    // Whatever comes of it, it may have been another directory that was there. Not so the root: see TreeTarget.
    if (directory.parent !== undefined) this.#fresh.add(directory);
    const wd = this.#watch(directory);
    if (wd < 0) {
      if (isFatal(wd)) throw watchError(wd, this.#context.absolute(directory.place));
      return isGone(wd) ? 'gone' : wd;
    }
    if (wd === directory.wd) return 'same';
    const owner = this.#byWd.get(wd);
    if (owner !== undefined) {
      const there = this.#watch(owner);
      if (there === wd) {
        this.#fresh.delete(directory);
        return 'elsewhere';
      }
      // It has moved here, and the record of that is still to come; or it was never there.
      owner.wd = -1;
      owner.unlist();
      this.#fresh.add(owner);
      if (there >= 0 && !this.#isUsed(there)) group.unwatch(there);
      if (there >= 0) this.read(owner, { deep: true });
    }
    if (directory.wd >= 0) this.#release(directory.wd);
    directory.wd = wd;
    directory.unlist();
    this.#byWd.set(wd, directory);
    return 'new';
  }

  /** Also asks for changes of mode: it may become readable. */
  watchAttributes(directory: Directory): void {
    this.#watch(directory, KEVENT_INODE_ATTRIB);
  }

  /** The kernel does not watch it any more. */
  ignored(directory: Directory): void {
    this.#byWd.delete(directory.wd);
    directory.wd = -1;
    directory.unlist();
    this.#fresh.add(directory);
  }

  /** It is not in the tree any more, nor what was below it. */
  drop(top: Directory): void {
    const dropped = [top];
    for (let directory = dropped.pop(); directory !== undefined; directory = dropped.pop()) {
      if (directory.wd >= 0) this.#release(directory.wd);
      directory.wd = -1;
      for (const entry of directory.entries.values()) if (entry !== null) dropped.push(entry);
      directory.entries.clear();
      this.#fresh.delete(directory);
      this.#doubtful.delete(directory);
    }
  }

  /** The root is gone. */
  dropRoot(): void {
    this.drop(this.root);
    this.root = new Directory(undefined, '');
  }

  #has(directory: Directory): boolean {
    const { parent } = directory;
    return parent === undefined ? directory === this.root : parent.entries.get(directory.name) === directory;
  }

  /** Links are followed only where the root is one. */
  #watch(directory: Directory, more = 0): number {
    const options = directory.parent === undefined ? SELF : KEVENT_INODE_DONT_FOLLOW;
    return this.#context.group.watch(this.#context.absolute(directory.place), this.#mask | options | more);
  }

  #isUsed(wd: number): boolean {
    return this.#byWd.has(wd) || wd === this.anchor.wd;
  }

  #release(wd: number): void {
    this.#byWd.delete(wd);
    if (!this.#isUsed(wd)) this.#context.group.unwatch(wd);
  }
}
