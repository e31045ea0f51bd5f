import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import {
  KEVENT_INODE_ATTRIB,
  KEVENT_INODE_CLOSE_WRITE,
  KEVENT_INODE_CREATE,
  KEVENT_INODE_MODIFY,
  KEVENT_INODE_MOVED_FROM,
  KEVENT_INODE_MOVED_TO,
  KEVENT_INODE_REMOVE,
  type WatchEvent,
  watch,
} from '../../../lib/index.js';
import { Changing } from './changing.js';
import { collapsed, factOf, factsOf } from './facts.js';
import { INSTALLED, Inotifywait } from './inotifywait.js';
import { listing } from './listing.js';
import { SEEDS } from './seeds.js';

const NAMES = KEVENT_INODE_CREATE | KEVENT_INODE_REMOVE | KEVENT_INODE_MOVED_FROM | KEVENT_INODE_MOVED_TO;
const MASK = NAMES | KEVENT_INODE_MODIFY | KEVENT_INODE_CLOSE_WRITE | KEVENT_INODE_ATTRIB;
/** In the name of what is made to find out whether a new directory is watched. */
const PROBE = 'probe';

if (!INSTALLED) {
  console.warn('inotifywait is not installed (Debian: apt-get install inotify-tools): not compared with it');
}

/** Both watch the same tree, which another process changes. */
class Comparison {
  readonly tree: Changing;
  readonly #wait: Inotifywait;
  readonly #loop: AsyncIterator<WatchEvent, undefined>;
  readonly #known: Set<string>;
  #next: Promise<IteratorResult<WatchEvent, undefined>>;
  readonly #told: WatchEvent[] = [];
  #probes = 0;

  private constructor(tree: Changing, wait: Inotifywait) {
    this.tree = tree;
    this.#wait = wait;
    this.#known = new Set(listing(tree.root).keys());
    this.#loop = watch(tree.root, { recursive: true, mask: MASK })[Symbol.asyncIterator]();
    this.#next = this.#loop.next();
  }

  static async on(tree: Changing): Promise<Comparison> {
    return new Comparison(tree, await Inotifywait.on(tree.root));
  }

  /** Makes changes while both watch, and answers what each has seen. */
  async burst(steps: number): Promise<{ kevent: string[]; inotifywait: string[] }> {
    const { marker, done } = this.tree.change('files', steps);
    await this.#tellUntil(marker);
    await done;
    const events = this.#told.splice(0);
    const lines = await this.#wait.takeUntil(marker);
    const told = (facts: string[]): string[] => collapsed(facts.filter((fact) => !fact.includes(PROBE)));
    return { kevent: told(events.map(factOf)), inotifywait: told(factsOf(lines, this.#known)) };
  }

  async #tellUntil(created: string): Promise<void> {
    for (let last = false; !last; ) {
      const { value } = await this.#next;
      if (value === undefined) throw new Error('the stream has ended');
      this.#next = this.#loop.next();
      this.#told.push(value);
      last = value.type === 'create' && value.path === created;
    }
  }

  /** Makes a directory, and waits until both have found out: they do so some time later. */
  async make(path: string): Promise<void> {
    mkdirSync(path);
    const probes: string[] = [];
    while (!this.#wait.sees((seen) => probes.includes(seen))) {
      this.#probes += 1;
      const probe = `${path}/${PROBE} ${this.#probes}`;
      probes.push(probe);
      writeFileSync(probe, '');
      await setImmediate();
    }
    await this.#tellUntil(probes.at(-1) ?? path);
    for (const probe of probes) rmSync(probe);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop.return?.();
    await this.#next;
    await this.#wait[Symbol.asyncDispose]();
  }
}

describe.skipIf(!INSTALLED).each(SEEDS)('inotifywait sees the same, seed %d', (seed) => {
  it('of what happens to files and links in directories that stay', async () => {
    await using tree = new Changing(seed);
    for (let count = 0; count < 8; count += 1) {
      mkdirSync(`${tree.root}/${'stays/'.repeat(count % 3)}stays ${count}`, { recursive: true });
    }
    await using both = await Comparison.on(tree);
    for (const steps of [10, 100, 1000, 3000]) {
      const { kevent, inotifywait } = await both.burst(steps);
      expect(kevent, `seed ${seed}, ${steps} changes`).toEqual(inotifywait);
      expect(kevent.length).toBeGreaterThanOrEqual(steps / 10);
    }
  });

  it('of directories that are made, renamed and removed, one after the other', async () => {
    await using tree = new Changing(seed + 1);
    const { root } = tree;
    mkdirSync(`${root}/stays`);
    await using both = await Comparison.on(tree);
    const same = async (what: string): Promise<void> => {
      const { kevent, inotifywait } = await both.burst(300);
      expect(kevent, `seed ${seed}, ${what}`).toEqual(inotifywait);
    };
    await both.make(`${root}/one`);
    await both.make(`${root}/one/below`);
    await same('made');
    renameSync(`${root}/one`, `${root}/stays/one`);
    await same('renamed');
    await both.make(`${root}/one`);
    await same('made again');
    rmSync(`${root}/one`, { recursive: true });
    await same('removed');
    renameSync(`${root}/stays/one/below`, `${root}/below`);
    rmSync(`${root}/stays/one`, { recursive: true });
    await same('renamed and removed');
  });
});
