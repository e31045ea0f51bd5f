import { KEVENT_INODE_ISDIR, KEVENT_INODE_MOVED_FROM, KEVENT_INODE_MOVED_TO } from '../../abi/constants.js';
import type { Directories } from './directories.js';
import type { Context } from './target.js';
import type { Directory } from './tree.js';

interface Move {
  readonly directory: Directory;
  readonly name: string;
  readonly target: Directory;
  readonly targetName: string;
}

/** Entries that leave their place: the two halves of a rename become one event. */
export class Renames {
  readonly #context: Context;
  readonly #directories: Directories;
  /** The last rename, if there was an entry of the new name already. */
  #replacement: Move | undefined;

  constructor(context: Context, directories: Directories) {
    this.#context = context;
    this.#directories = directories;
  }

  /**
   * The current record is the first half.
   *
   * @param alone - all records that there were have been delivered: if the other half is not among them, it is nowhere
   * in the tree
   * @returns false if the other half may still come
   */
  leave(directory: Directory, name: string, alone: boolean): boolean {
    const entry = directory.entries.get(name);
    // Ignored, or read when it had gone already: for the tree, the other half comes from outside.
    if (entry === undefined) return true;
    if ((entry !== null) !== ((this.#context.records.mask & KEVENT_INODE_ISDIR) !== 0)) {
      // Not what left: it was read when it had that one's place already. For the tree, what left comes from outside.
      this.remove(directory, name);
      return true;
    }
    const arrival = this.#context.records.takeArrival();
    if (arrival === undefined && !alone) return false;
    const target = arrival == null ? undefined : this.#directories.find(arrival.wd);
    if (arrival == null || target === undefined) this.remove(directory, name);
    else this.#move({ directory, name, target, targetName: arrival.name }, entry);
    return true;
  }

  /** The entry is gone, with all below it. */
  remove(directory: Directory, name: string): void {
    const { records, found, mask } = this.#context;
    const entry = directory.entries.get(name);
    if (entry === undefined) return;
    const path = this.#context.shown(directory.placeOf(name));
    directory.entries.delete(name);
    if (entry !== null) this.#directories.drop(entry);
    if ((records.mask & mask) !== 0) {
      found.push({ type: 'remove', path, directory: entry !== null, mask: records.mask });
    }
  }

  #move(move: Move, entry: Directory | null): void {
    const { directory, name, target, targetName } = move;
    const { records, found, mask } = this.#context;
    const place = target.placeOf(targetName);
    if (this.#context.ignores(place, entry !== null)) {
      this.remove(directory, name);
      return;
    }
    const replaced = target.entries.get(targetName);
    if (entry !== null && replaced != null && entry.wd < 0 && replaced.wd >= 0) {
      // It had gone when it was to be followed: perhaps the new place was read after that.
      this.remove(directory, name);
      this.#directories.read(replaced);
      return;
    }
    if (entry !== null && target.isWithin(entry)) {
      // No directory moves into itself: what is known is older than what was read. Once more, from the top.
      this.remove(directory, name);
      this.#directories.read(this.#directories.root, { deep: true });
      return;
    }
    const from = this.#context.shown(directory.placeOf(name));
    directory.entries.delete(name);
    if (replaced != null) this.#directories.drop(replaced);
    target.entries.set(targetName, entry);
    if ((mask & (KEVENT_INODE_MOVED_FROM | KEVENT_INODE_MOVED_TO)) !== 0) {
      const path = this.#context.shown(place);
      const bits = records.mask | KEVENT_INODE_MOVED_TO;
      found.push({ type: 'rename', from, to: path, path, directory: entry !== null, mask: bits });
    }
    if (entry !== null) {
      entry.parent = target;
      entry.name = targetName;
      if (this.#context.recursive) {
        if (entry.wd < 0) this.#directories.read(entry);
        this.#directories.readAgain(entry);
      }
    }
    this.#undo(move);
    this.#replacement = replaced === undefined ? undefined : move;
  }

  /**
   * There and back again: if something was replaced on the way, that may have been an exchange (renameat2), whose
   * records are the same, and the other entry is still there.
   */
  #undo({ directory, name, target, targetName }: Move): void {
    const before = this.#replacement;
    const back =
      before?.directory === target &&
      before.name === targetName &&
      before.target === directory &&
      before.targetName === name;
    if (!back) return;
    this.#directories.doubt(directory, name);
    const entry = target.entries.get(targetName);
    if (entry != null) this.#directories.read(entry, { deep: true });
  }
}
