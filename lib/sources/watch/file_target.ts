import { statSync } from 'node:fs';

import { KEVENT_INODE_Q_OVERFLOW } from '../../abi/constants.js';
import { errnoName } from '../../abi/errors.js';
import { Anchor, isGone } from './anchor.js';
import { watchError } from './group.js';
import { SELF, STRUCTURE } from './masks.js';
import { toSystem } from './names.js';
import { isChangedSince } from './reader.js';
import type { Context, Found, Target } from './target.js';
import { tellUse } from './use.js';

/**
 * A single file, under its name: the inode is watched, which hears of what is written through other links too, and the
 * directory that it is in, so that the watch goes on when another file takes its place.
 */
export class FileTarget implements Target {
  readonly unsettled = false;
  readonly #context: Context;
  readonly #anchor: Anchor;
  readonly #mask: number;
  #wd = -1;
  #present = false;
  #initial: boolean;

  constructor(context: Context, initial: boolean) {
    this.#context = context;
    this.#anchor = new Anchor(context);
    this.#mask = (context.mask & ~STRUCTURE) | SELF;
    this.#initial = initial;
  }

  settle(): void {}

  finishRename(): void {}

  open(): void {
    this.#place(false);
    const wd = this.#watch();
    if (wd < 0) throw watchError(wd, this.#context.absolute(''));
    this.#wd = wd;
    this.#present = true;
  }

  get busy(): boolean {
    return this.#initial;
  }

  *work(): Generator<Found | undefined, void> {
    if (!this.#initial) return;
    this.#initial = false;
    const path = this.#context.shown('');
    yield { type: 'create', path, directory: false, mask: 0 };
    yield { type: 'ready', path, directory: false, mask: 0 };
  }

  record(): boolean {
    const { records, found } = this.#context;
    const { mask, wd, since } = records;
    if ((mask & KEVENT_INODE_Q_OVERFLOW) !== 0) {
      found.push({ type: 'rescan', path: this.#context.shown(''), directory: false, mask });
      const before = this.#wd;
      this.#revise();
      const same = this.#present && this.#wd === before;
      if (same && isChangedSince(this.#context.absolute(''), since)) this.#tell('change');
      return true;
    }
    if (this.#anchor.concerns()) this.#revise();
    if (wd !== this.#wd) return true;
    if ((mask & SELF) !== 0) this.#revise();
    else if (records.name === '') tellUse(this.#context, '', false);
    return true;
  }

  /** Looks which file has the name now. */
  #revise(): void {
    this.#place(!this.#present);
    const wd = this.#watch();
    if (wd >= 0 && wd === this.#wd) return;
    if (wd < 0 && !isGone(wd) && errnoName(wd) !== 'EISDIR') throw watchError(wd, this.#context.absolute(''));
    if (this.#wd >= 0) this.#context.group.unwatch(this.#wd);
    const before = this.#present;
    this.#wd = wd;
    this.#present = wd >= 0;
    if (this.#present) this.#tell(before ? 'change' : 'create');
    else if (before) this.#tell('remove');
    if (!before || this.#present) return;
    // From here on its coming back is seen; it may have come back already.
    this.#revise();
  }

  #tell(type: 'create' | 'change' | 'remove'): void {
    const path = this.#context.shown('');
    this.#context.found.push({ type, path, directory: false, mask: this.#context.records.mask });
  }

  /** A directory in the file's place is as good as nothing. Returns the wd, or a negative errno. */
  #watch(): number {
    const path = this.#context.absolute('');
    const stats = statSync(toSystem(path), { throwIfNoEntry: false });
    if (stats === undefined) return -2;
    return stats.isDirectory() ? -21 : this.#context.group.watch(path, this.#mask);
  }

  #place(needed: boolean): void {
    this.#anchor.place(needed, (wd) => wd === this.#wd);
  }
}
