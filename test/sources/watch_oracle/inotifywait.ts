import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { createInterface, type Interface } from 'node:readline';

/** Whether Debian's inotify-tools are installed. */
export const INSTALLED = spawnSync('inotifywait', ['--help']).error === undefined;

/** One line of inotifywait, which is one record of the kernel. */
export interface Line {
  readonly path: string;
  readonly events: ReadonlySet<string>;
  readonly cookie: number;
}

/** `inotifywait --monitor --recursive` on a tree. */
export class Inotifywait {
  readonly #process: ChildProcess;
  readonly #output: Interface;
  readonly #lines: Line[] = [];
  #onLine: () => void = () => undefined;
  readonly #ended: Promise<unknown>;

  private constructor(root: string) {
    const events = 'modify,close_write,attrib,create,delete,move';
    const args = ['--monitor', '--recursive', '--event', events, '--format', '%c\t%e\t%w%f', root];
    this.#process = spawn('inotifywait', args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#ended = new Promise((resolve) => this.#process.once('close', resolve));
    if (this.#process.stdout === null) throw new Error('it has no output');
    this.#output = createInterface({ input: this.#process.stdout });
    this.#output.on('line', (line) => {
      const [cookie = '', events_ = '', path = ''] = line.split('\t');
      this.#lines.push({ path, events: new Set(events_.split(',')), cookie: Number.parseInt(cookie, 16) });
      this.#onLine();
    });
  }

  /** Resolves when all directories of the tree are watched. */
  static async on(root: string): Promise<Inotifywait> {
    const started = new Inotifywait(root);
    const { stderr } = started.#process;
    if (stderr === null) throw new Error('it says nothing');
    for await (const line of createInterface({ input: stderr })) {
      if (line.includes('Watches established')) return started;
    }
    throw new Error('inotifywait has ended');
  }

  /** Whether there is a line about such a path. */
  sees(wanted: (path: string) => boolean): boolean {
    return this.#lines.some(({ path }) => wanted(path));
  }

  /** All lines until this entry was made, which is the last of them, since they were taken before. */
  async takeUntil(marker: string): Promise<Line[]> {
    for (;;) {
      const index = this.#lines.findIndex(({ path, events }) => path === marker && events.has('CREATE'));
      if (index >= 0) return this.#lines.splice(0, index + 1);
      await new Promise<void>((resolve) => {
        this.#onLine = resolve;
      });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#process.kill();
    await this.#ended;
    this.#output.close();
  }
}
