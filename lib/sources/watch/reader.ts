import { lstatSync, type Stats } from 'node:fs';

import { type SystemError, systemError } from '../../abi/errors.js';
import { isGone } from './anchor.js';
import { type Directories, isFatal, type Reading } from './directories.js';
import { watchError } from './group.js';
import { awaitChanges, DIRECTORY, readDirectory } from './listing.js';
import { toSystem, toText } from './names.js';
import type { Context, Found } from './target.js';
import { Directory } from './tree.js';

/** The kernel's clock for files lags behind by up to one of its ticks. Milliseconds. */
const CLOCK_LAG = 20;

/** Undefined: it is not there, or its directory may be read but not searched. */
function statsOf(path: string): Stats | undefined {
  try {
    return lstatSync(toSystem(path), { throwIfNoEntry: false });
  } catch {
    return undefined;
  }
}

/** Whether a file's contents or metadata were changed, or it was put there, at this time or later. */
export function isChangedSince(path: string, since: number): boolean {
  const stats = statsOf(path);
  if (stats === undefined) return false;
  // A filesystem that stores whole seconds.
  const grain = stats.ctimeMs % 1000 === 0 ? 1000 : 0;
  return stats.ctimeMs + grain >= since - CLOCK_LAG;
}

function readError(errno: number, path: string): SystemError {
  const text = toText(path);
  return Object.assign(systemError(errno, 'kevent_directory_read', `path '${text}'`), { path: text });
}

/** Reads directories, and compares what is there with what is known. */
export class Reader {
  readonly #context: Context;
  readonly #directories: Directories;

  constructor(context: Context, directories: Directories) {
    this.#context = context;
    this.#directories = directories;
  }

  /**
   * Watches a directory, and then reads it: so nothing that happens is missed. What happens in between comes again, as
   * a record, and is recognised by what the tree has already.
   *
   * @returns false if it is not there any more
   */
  *read(reading: Reading): Generator<Found | undefined, boolean> {
    const { directory } = reading;
    const directories = this.#directories;
    const followed = directories.follow(directory);
    if (typeof followed === 'number') {
      yield this.#unreadable(directory, watchError(followed, this.#context.absolute(directory.place)));
      return true;
    }
    if (followed === 'gone') {
      // Only if it was to be read: if it has moved, a record tells of that.
      if (reading.deep) directory.unlist();
      if (reading.sure) yield this.#missing(directory);
      return false;
    }
    if (followed === 'elsewhere') return true;
    if (reading.only !== undefined && followed === 'same') {
      yield this.#find(directory, reading.only);
      return true;
    }
    if (reading.again && followed === 'same' && directory.checked) return true;
    const { place, listed } = directory;
    const path = this.#context.absolute(place);
    const listing = readDirectory(directory.parent === undefined ? `${path}/` : path);
    if (typeof listing === 'number') {
      if (isGone(listing)) {
        directory.unlist();
        return false;
      }
      if (isFatal(listing)) throw readError(listing, path);
      yield this.#unreadable(directory, readError(listing, path));
      return true;
    }
    // Silent readings are the first ones: nothing has been told yet that could be wrong.
    directory.checked = reading.tell && directories.follow(directory) === 'same';
    if (reading.tell && !directory.checked) directories.read(directory, { deep: true });
    directory.unreadable = false;
    // What is known of it, and of those below it, may be about another one.
    const anew = !listed && directory.entries.size > 0;
    directory.listed = true;
    yield* this.#compare(anew ? { ...reading, deep: true } : reading, place, listing);
    return true;
  }

  *#compare(reading: Reading, place: string, listing: string): Generator<Found | undefined, void> {
    const { directory, tell, deep, since } = reading;
    const context = this.#context;
    const known = directory.entries;
    const prefix = place === '' ? '' : `${place}/`;
    if (known.size > 0) {
      const there = new Set<string>();
      for (const entry of listing.split('\0')) there.add(entry.slice(1));
      for (const [name, entry] of known) if (!there.has(name)) yield this.#remove(directory, name, entry);
    }
    for (let at = 0; at < listing.length; ) {
      const end = listing.indexOf('\0', at);
      const name = listing.slice(at + 1, end);
      const isDirectory = listing.charCodeAt(at) === DIRECTORY;
      at = end + 1;
      const entry = known.get(name);
      if (entry !== undefined && (entry !== null) === isDirectory) {
        if (entry !== null) {
          if (deep && context.recursive) this.#directories.read(entry, { deep, since });
        } else if (since > 0 && isChangedSince(context.absolute(prefix + name), since)) {
          yield { type: 'change', path: context.shown(prefix + name), directory: false, mask: 0 };
        }
        continue;
      }
      if (entry !== undefined) yield this.#remove(directory, name, entry);
      const found = this.#add(directory, name, prefix + name, isDirectory, tell);
      if (found !== undefined) yield found;
    }
    yield undefined;
  }

  #find(directory: Directory, name: string): Found | undefined {
    if (directory.entries.has(name)) return undefined;
    const place = directory.placeOf(name);
    const stats = statsOf(this.#context.absolute(place));
    return stats === undefined ? undefined : this.#add(directory, name, place, stats.isDirectory(), true);
  }

  /** An entry that was not known. */
  #add(
    directory: Directory,
    name: string,
    place: string,
    isDirectory: boolean,
    tell: boolean,
  ): Found | undefined {
    const context = this.#context;
    if (context.ignores(place, isDirectory)) return undefined;
    const added = isDirectory ? new Directory(directory, name) : null;
    directory.entries.set(name, added);
    if (added !== null && context.recursive) this.#directories.read(added, { tell });
    if (!tell) return undefined;
    return { type: 'create', path: context.shown(place), directory: isDirectory, mask: 0 };
  }

  /** A directory is not where it should be, and no record is on its way that says why. */
  #missing(directory: Directory): Found | undefined {
    const { parent, name } = directory;
    if (parent === undefined) return undefined;
    const directories = this.#directories;
    const before = directories.follow(parent);
    awaitChanges(this.#context.absolute(parent.place));
    if (!this.#context.group.settled) return undefined;
    const after = directories.follow(directory) === 'gone' ? directories.follow(parent) : 'new';
    if (before !== 'gone' && before !== 'new' && after === before)
      return this.#remove(parent, name, directory);
    // Its parent is, or was, out of the way as well.
    directories.read(parent, { sure: true });
    return undefined;
  }

  #remove(directory: Directory, name: string, entry: Directory | null): Found {
    directory.entries.delete(name);
    if (entry !== null) this.#directories.drop(entry);
    const path = this.#context.shown(directory.placeOf(name));
    return { type: 'remove', path, directory: entry !== null, mask: 0 };
  }

  #unreadable(directory: Directory, error: SystemError): Found | undefined {
    if (directory.unreadable) return undefined;
    directory.unreadable = true;
    if (directory.parent !== undefined) this.#directories.watchAttributes(directory.parent);
    const path = this.#context.shown(directory.place);
    return { type: 'unreadable', path, directory: true, mask: 0, error };
  }
}
