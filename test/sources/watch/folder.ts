import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { type EventStream, type WatchEvent, type WatchOptions, watch } from '../../../lib/index.js';

/** A folder for one test, with another one beside it that is not watched. */
export class Folder {
  readonly #top = mkdtempSync(path.join(realpathSync(tmpdir()), 'kevent-watch-'));
  readonly root = path.join(this.#top, 'root');
  readonly outside = path.join(this.#top, 'outside');
  #ends = 0;

  constructor() {
    mkdirSync(this.root);
    mkdirSync(this.outside);
  }

  at(...names: string[]): string {
    return path.join(this.root, ...names);
  }

  write(name: string, text = 'text'): void {
    writeFileSync(this.at(name), text);
  }

  make(name: string): void {
    mkdirSync(this.at(name), { recursive: true });
  }

  rename(from: string, to: string): void {
    renameSync(this.at(from), this.at(to));
  }

  remove(name: string): void {
    rmSync(this.at(name), { recursive: true });
  }

  /** A watch of the root that has begun. */
  watch(options: WatchOptions = {}): Watching {
    return new Watching(this, watch(this.root, { ...options, encoding: 'utf8' }));
  }

  /** Makes an entry whose event is the last of all that has happened. */
  end(): string {
    this.#ends += 1;
    const name = this.at(`end-${this.#ends}`);
    mkdirSync(name);
    return name;
  }

  [Symbol.dispose](): void {
    // Not rmSync: some tests leave paths behind that are too long for it.
    execFileSync('rm', ['-rf', this.#top]);
  }
}

/** Collects what a stream tells. */
export class Watching {
  readonly #folder: Folder;
  readonly #events: AsyncIterator<WatchEvent, undefined>;
  #next: Promise<IteratorResult<WatchEvent, undefined>>;

  constructor(folder: Folder, stream: EventStream<WatchEvent>) {
    this.#folder = folder;
    this.#events = stream[Symbol.asyncIterator]();
    this.#next = this.#events.next();
    // Who asks for it hears of it; until then it is not unhandled.
    this.#next.catch(() => {});
  }

  async next(): Promise<WatchEvent> {
    const { value } = await this.#next;
    if (value === undefined) throw new Error('the watch has ended');
    this.#next = this.#events.next();
    return value;
  }

  /** Everything up to now. */
  async events(): Promise<WatchEvent[]> {
    const end = this.#folder.end();
    const events: WatchEvent[] = [];
    for (;;) {
      const event = await this.next();
      if (event.path === end && event.type === 'create') return events;
      events.push(event);
    }
  }

  /** The same in short: the type, and the place below the root. */
  async told(): Promise<string[]> {
    return (await this.events()).map((event) => this.#short(event));
  }

  /** So many events, in short. */
  async first(count: number): Promise<string[]> {
    const told: string[] = [];
    while (told.length < count) told.push(this.#short(await this.next()));
    return told;
  }

  /** What there is until the stream ends, in short. */
  async rest(): Promise<string[]> {
    const told: string[] = [];
    for (let { value } = await this.#next; value !== undefined; { value } = await this.#events.next()) {
      told.push(this.#short(value));
    }
    return told;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#events.return?.();
  }

  #short(event: WatchEvent): string {
    const place = (name: string): string => path.relative(this.#folder.root, name) || '.';
    const slash = event.directory ? '/' : '';
    if (event.type === 'rename') return `rename ${place(event.from)}${slash} -> ${place(event.to)}${slash}`;
    return `${event.type} ${place(event.path)}${slash}`;
  }
}
