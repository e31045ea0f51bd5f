import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

/**
 * `'files'`: not which directories there are. `'deep'`: a deep tree is made, moved and removed; `'root'`: the root
 * itself is. `'away'`: the root is moved away and back. `'backAndForth'`: a file is renamed. `'flood'`: two files are
 * written in turns.
 */
export type Kind = 'files' | 'any' | 'deep' | 'root' | 'away' | 'backAndForth' | 'flood';

/** A tree that another process changes at random. */
export class Changing {
  /** What is watched. */
  readonly root: string;
  /** Inodes that have had several names. */
  readonly shared = new Set<number>();
  readonly #folder: string;
  readonly #process: ChildProcess;
  readonly #answers: AsyncIterator<string>;
  #markers = 0;

  constructor(seed: number) {
    this.#folder = mkdtempSync(join(tmpdir(), 'kevent-watch-'));
    this.root = join(this.#folder, 'tree');
    const outside = join(this.#folder, 'outside');
    mkdirSync(this.root);
    mkdirSync(outside);
    const program = fileURLToPath(new URL('./program.js', import.meta.url));
    const process_ = spawn(process.execPath, [program, this.root, outside, String(seed)], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    this.#process = process_;
    this.#answers = createInterface({ input: process_.stdout })[Symbol.asyncIterator]();
  }

  /** Asks for so many changes; `marker` is the path of the file that is made after them. */
  change(kind: Kind, steps: number): { marker: string; done: Promise<void> } {
    this.#markers += 1;
    const marker = `marker ${this.#markers}`;
    this.#process.stdin?.write(`${JSON.stringify({ kind, steps, marker })}\n`);
    return { marker: join(this.root, marker), done: this.#answer() };
  }

  async #answer(): Promise<void> {
    const { value, done } = await this.#answers.next();
    if (done === true) throw new Error('the process that changes the tree has ended');
    for (const inode of JSON.parse(value).linked) this.shared.add(inode);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = new Promise((resolve) => this.#process.once('close', resolve));
    this.#process.stdin?.end();
    await ended;
    rmSync(this.#folder, { recursive: true });
  }
}
