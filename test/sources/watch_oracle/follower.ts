import { type SourceOptions, type WatchEvent, watch } from '../../../lib/index.js';
import type { Changing, Kind } from './changing.js';
import { Picture } from './picture.js';

/** How often the picture may be found wrong, with another marker awaited each time, before it is. */
const MOST_MARKERS = 3;

/** Watches a tree and keeps a picture of it. */
export class Follower {
  readonly picture: Picture;
  readonly #tree: Changing;
  readonly #loop: AsyncIterator<WatchEvent, undefined>;
  /** The first event is asked for early: what happens before that is not told. */
  #next: Promise<IteratorResult<WatchEvent, undefined>>;

  constructor(tree: Changing, options: SourceOptions = {}) {
    this.#tree = tree;
    this.picture = new Picture(tree.root);
    this.#loop = watch(tree.root, { recursive: true, ...options })[Symbol.asyncIterator]();
    this.#next = this.#loop.next();
  }

  /** Applies events until that file is there; `pause` is awaited after each. */
  async #follow(marker: string, pause?: () => Promise<unknown>): Promise<void> {
    for (;;) {
      const { value, done } = await this.#next;
      if (done === true) throw new Error('the stream has ended');
      this.#next = this.#loop.next();
      this.picture.apply(value);
      if (value.type === 'create' && value.path === marker) return;
      await pause?.();
    }
  }

  /** Follows while the tree is changed, and answers what is wrong with the picture afterwards. */
  async burst(kind: Kind, steps: number, pause?: () => Promise<unknown>): Promise<string[]> {
    const { marker, done } = this.#tree.change(kind, steps);
    await this.#follow(marker, pause);
    await done;
    if (kind === 'root' || kind === 'away') this.picture.lookAgain();
    return this.#settled();
  }

  /** The same for several bursts, but nobody reads until all changes are made. */
  async unread(...bursts: [kind: Kind, steps: number][]): Promise<string[]> {
    const changes = bursts.map(([kind, steps]) => this.#tree.change(kind, steps));
    for (const { done } of changes) await done;
    for (const { marker } of changes.slice(-1)) await this.#follow(marker);
    return this.#settled();
  }

  /** A marker that was found by reading, not told by the kernel, may be told before other things that were found. */
  async #settled(): Promise<string[]> {
    for (let count = 0; ; count += 1) {
      const wrong = this.picture.differences(this.#tree.shared);
      if (wrong.length === 0 || count === MOST_MARKERS) return [...this.picture.absurd, ...wrong];
      const { marker, done } = this.#tree.change('any', 0);
      await this.#follow(marker);
      await done;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#loop.return?.();
    // The call that waited ends with it.
    await this.#next;
  }
}
