import {
  KEVENT_INODE_ATTRIB,
  KEVENT_INODE_CREATE,
  KEVENT_INODE_IGNORED,
  KEVENT_INODE_ISDIR,
  KEVENT_INODE_MOVED_FROM,
  KEVENT_INODE_MOVED_TO,
  KEVENT_INODE_Q_OVERFLOW,
  KEVENT_INODE_REMOVE,
  KEVENT_INODE_UNMOUNT,
} from '../../abi/constants.js';
import { systemError } from '../../abi/errors.js';
import { Directories } from './directories.js';
import { watchError } from './group.js';
import { awaitChanges } from './listing.js';
import { SELF } from './masks.js';
import { Reader } from './reader.js';
import { Renames } from './renames.js';
import type { Context, Found, Target } from './target.js';
import { Directory } from './tree.js';
import { tellUse } from './use.js';

/** A directory, and what is in it: to the bottom, if the watch is recursive. */
export class TreeTarget implements Target {
  readonly #context: Context;
  readonly #directories: Directories;
  readonly #reader: Reader;
  readonly #renames: Renames;
  #present = true;
  #ready: boolean;

  /** @param initial - tell what is there at first, and when that is all */
  constructor(context: Context, initial: boolean) {
    this.#context = context;
    this.#directories = new Directories(context);
    this.#reader = new Reader(context, this.#directories);
    this.#renames = new Renames(context, this.#directories);
    this.#ready = !initial;
  }

  get unsettled(): boolean {
    return this.#directories.unsettled;
  }

  get busy(): boolean {
    return this.#directories.busy || !this.#ready;
  }

  settle(all: boolean): void {
    this.#directories.settle(all);
  }

  open(): void {
    const directories = this.#directories;
    directories.placeAnchor(false);
    const followed = directories.follow(directories.root);
    if (followed === 'gone') throw watchError(-2, this.#context.absolute(''));
    if (typeof followed === 'number') throw watchError(followed, this.#context.absolute(''));
    directories.read(directories.root, { tell: !this.#ready });
  }

  *work(): Generator<Found | undefined, void> {
    for (;;) {
      const reading = this.#directories.nextReading();
      if (reading === undefined) break;
      const isRoot = reading.directory === this.#directories.root;
      if (!(yield* this.#reader.read(reading)) && isRoot) {
        this.#revise();
        yield* this.#context.found.splice(0);
      }
    }
    if (this.#ready) return;
    this.#ready = true;
    yield { type: 'ready', path: this.#context.shown(''), directory: true, mask: 0 };
  }

  finishRename(): void {
    const directory = this.#directories.find(this.#context.records.wd);
    if (directory !== undefined) awaitChanges(this.#context.absolute(directory.place));
  }

  record(alone: boolean): boolean {
    const { records } = this.#context;
    const { mask, wd } = records;
    if ((mask & KEVENT_INODE_Q_OVERFLOW) !== 0) {
      this.#rescan();
      return true;
    }
    const directories = this.#directories;
    const isRoot = wd === directories.root.wd;
    if ((mask & KEVENT_INODE_IGNORED) !== 0) this.#ignored();
    if (directories.anchor.concerns() || (isRoot && (mask & (SELF | KEVENT_INODE_IGNORED)) !== 0))
      this.#revise();
    const directory = directories.find(wd);
    if (directory === undefined) return true;
    if ((mask & KEVENT_INODE_UNMOUNT) !== 0) directory.unmounted = true;
    const { name } = records;
    if (name === '') {
      // Of the others, the watch of the directory that they are in tells the same.
      if (directory.parent === undefined) tellUse(this.#context, '', true);
      return true;
    }
    if ((mask & KEVENT_INODE_MOVED_FROM) !== 0) return this.#renames.leave(directory, name, alone);
    if ((mask & (KEVENT_INODE_CREATE | KEVENT_INODE_MOVED_TO)) !== 0) this.#appear(directory, name);
    else if ((mask & KEVENT_INODE_REMOVE) !== 0) this.#renames.remove(directory, name);
    else this.#use(directory, name);
    return true;
  }

  /** An entry was made here, or came from outside. */
  #appear(directory: Directory, name: string): void {
    const { records, found, mask, recursive } = this.#context;
    const isDirectory = (records.mask & KEVENT_INODE_ISDIR) !== 0;
    const place = directory.placeOf(name);
    if (this.#context.ignores(place, isDirectory)) return;
    let known = directory.entries.get(name);
    const moved = (records.mask & KEVENT_INODE_MOVED_TO) !== 0;
    if (known !== undefined && moved && (known !== null) !== isDirectory) {
      this.#renames.remove(directory, name);
      known = undefined;
    }
    if (known === undefined) {
      const added = isDirectory ? new Directory(directory, name) : null;
      directory.entries.set(name, added);
      if ((records.mask & mask) !== 0) {
        found.push({
          type: 'create',
          path: this.#context.shown(place),
          directory: isDirectory,
          mask: records.mask,
        });
      }
      if (added !== null && recursive) this.#directories.read(added);
    } else if (known !== null) {
      // The directory was read when this had happened already; or another one has taken its place.
      if (recursive && (moved || known.wd < 0)) this.#directories.read(known);
    } else if (moved && (records.mask & mask) !== 0) {
      found.push({ type: 'change', path: this.#context.shown(place), directory: false, mask: records.mask });
    }
  }

  #use(directory: Directory, name: string): void {
    const entry = directory.entries.get(name);
    // Ignored, or gone again when the directory was read first.
    if (entry === undefined) return;
    tellUse(this.#context, directory.placeOf(name), entry !== null);
    const attributes = (this.#context.records.mask & KEVENT_INODE_ATTRIB) !== 0;
    if (entry?.unreadable === true && attributes) this.#directories.read(entry);
  }

  #ignored(): void {
    const directory = this.#directories.find(this.#context.records.wd);
    if (directory === undefined) return;
    this.#directories.ignored(directory);
    // If it was deleted, its parent's watch says so; if it was a mount point, there is another directory below.
    if (directory.unmounted && directory.parent !== undefined)
      this.#directories.read(directory, { deep: true });
    directory.unmounted = false;
  }

  /** Events were lost: reads everything again. */
  #rescan(): void {
    const { found, records } = this.#context;
    found.push({ type: 'rescan', path: this.#context.shown(''), directory: true, mask: records.mask });
    const before = this.#directories.root;
    this.#revise();
    const { root } = this.#directories;
    if (this.#present && root === before) this.#directories.read(root, { deep: true, since: records.since });
  }

  /** Looks whether the root is still where it was. */
  #revise(): void {
    const { found } = this.#context;
    const directories = this.#directories;
    const shown = this.#context.shown('');
    const { mask } = this.#context.records;
    const old = directories.root;
    directories.placeAnchor(!this.#present);
    for (;;) {
      const { wd } = directories.root;
      const followed = directories.follow(directories.root);
      if (followed === 'same') {
        // It was away just when it was to be read.
        if (!directories.root.listed) directories.read(directories.root);
        return;
      }
      if (followed === 'new') {
        const replacement = directories.root;
        if (this.#present && replacement === old) {
          // Another directory has its name: what is known is about the one before.
          directories.dropRoot();
          this.#present = false;
          found.push({ type: 'gone', path: shown, directory: true, mask });
          continue;
        }
        this.#present = true;
        found.push({ type: 'back', path: shown, directory: true, mask });
        directories.read(replacement);
        return;
      }
      if (typeof followed === 'number') {
        // It may still be watched: only whether it is the same one cannot be said.
        if (wd >= 0 || directories.root.unreadable) return;
        directories.root.unreadable = true;
        const error = systemError(followed, 'kevent_inode_watch');
        found.push({ type: 'unreadable', path: shown, directory: true, mask, error });
        return;
      }
      if (!this.#present) return;
      directories.dropRoot();
      this.#present = false;
      found.push({ type: 'gone', path: shown, directory: true, mask });
      // From here on its coming back is seen; it may have come back already.
      directories.placeAnchor(true);
    }
  }
}
