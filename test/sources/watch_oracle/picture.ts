import { dirname } from 'node:path';

import type { WatchEvent } from '../../../lib/index.js';
import { type Entry, entryAt, listing } from './listing.js';

/** A version that no entry has: it was gone again when its event came. */
const GONE = 'gone';

/**
 * What somebody knows of a tree who has seen it once, and then only the events. It refuses events that make no
 * sense: what is told twice, or of what is not there.
 */
export class Picture {
  readonly #root: string;
  readonly #entries: Map<string, Entry>;
  /** How many events of each type there were. */
  readonly counts: Record<string, number> = {};
  /** Events that make no sense. */
  readonly absurd: string[] = [];

  constructor(root: string) {
    this.#root = root;
    this.#entries = listing(root);
  }

  apply(event: WatchEvent): void {
    const { type, path, directory } = event;
    this.counts[type] = (this.counts[type] ?? 0) + 1;
    if (type === 'create') {
      this.#refuse(event, this.#entries.has(path), 'is known already');
      this.#refuse(event, !this.#isDirectory(dirname(path)), 'is in no known directory');
      this.#look(path, directory);
    } else if (type === 'remove') {
      this.#refuse(event, !this.#entries.has(path), 'is not known');
      this.#delete(path);
    } else if (type === 'rename') {
      this.#refuse(event, !this.#entries.has(event.from), 'is not known');
      this.#refuse(event, !this.#isDirectory(dirname(path)), 'goes to no known directory');
      this.#move(event.from, path);
    } else if (type === 'change' || type === 'attributes') {
      this.#refuse(event, path !== this.#root && !this.#entries.has(path), 'is not known');
      if (path !== this.#root) this.#look(path, directory);
    } else if (type === 'gone') {
      this.#entries.clear();
    }
    const known = this.#entries.get(path)?.directory ?? directory;
    this.#refuse(event, known !== directory, directory ? 'is no directory' : 'is a directory');
  }

  /** Who looked while the root was out of its place saw nothing: nothing has happened to what is in it. */
  lookAgain(): void {
    for (const [path, { directory, version }] of this.#entries)
      if (version === GONE) this.#look(path, directory);
  }

  /** What is not as it is in the tree; `shared`: inodes with several names, whose contents change under any of them. */
  differences(shared: ReadonlySet<number>): string[] {
    const different: string[] = [];
    const real = listing(this.#root);
    for (const [path, entry] of real) {
      const known = this.#entries.get(path);
      if (known === undefined) different.push(`${path} is missing`);
      else if (known.directory !== entry.directory)
        different.push(`${path}: directory is ${known.directory}`);
      else if (known.version !== entry.version && !shared.has(entry.inode)) {
        different.push(`${path} was changed: ${known.version} is ${entry.version} now`);
      }
    }
    for (const path of this.#entries.keys()) if (!real.has(path)) different.push(`${path} is not there`);
    return different;
  }

  #refuse(event: WatchEvent, absurd: boolean, why: string): void {
    if (absurd) this.absurd.push(`${JSON.stringify(event)} ${why}`);
  }

  #isDirectory(path: string): boolean {
    return path === this.#root || this.#entries.get(path)?.directory === true;
  }

  /** The contents are read after the event: what is written later has another event. */
  #look(path: string, directory: boolean): void {
    const entry = entryAt(path);
    // It may have become something else by now, which other events will tell.
    const version = entry === undefined || directory ? GONE : entry.version;
    this.#entries.set(path, { directory, inode: entry?.inode ?? 0, version: directory ? '' : version });
  }

  #below(path: string): string[] {
    return [...this.#entries.keys()].filter((known) => known.startsWith(`${path}/`));
  }

  #delete(path: string): void {
    for (const known of this.#below(path)) this.#entries.delete(known);
    this.#entries.delete(path);
  }

  #move(from: string, to: string): void {
    const moved = [from, ...this.#below(from)].map((path) => [path, this.#entries.get(path)] as const);
    for (const [path] of moved) this.#entries.delete(path);
    this.#delete(to);
    // What was looked at under the old path may have been something else already.
    for (const [path, entry] of moved) this.#look(to + path.slice(from.length), entry?.directory === true);
  }
}
