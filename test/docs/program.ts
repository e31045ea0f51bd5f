import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** A Node.js program in a process of its own, which imports the built package by its name. */
export class Program {
  readonly child: ChildProcess;
  output = '';
  errors = '';
  readonly #ended: Promise<unknown[]>;

  /**
   * @param argv - a file and its arguments, or `--eval` and a text
   * @param cwd - the working directory; the package's own if left out
   * @param stdin - an fd, or 'ignore'
   * @param file - what runs it
   */
  constructor(
    argv: readonly string[],
    cwd = ROOT,
    stdin: number | 'ignore' = 'ignore',
    file = process.execPath,
  ) {
    // A shell's `node` is to be the one that runs the tests.
    const env = { ...process.env, PATH: `${dirname(process.execPath)}:${process.env['PATH']}` };
    this.child = spawn(file, argv, { cwd, env, stdio: [stdin, 'pipe', 'pipe'] });
    this.#ended = once(this.child, 'close');
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.output += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.errors += text;
    });
  }

  /** Waits until the program has printed something like that. */
  async prints(pattern: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = pattern.exec(this.output);
      if (found !== null) return found;
      const { exitCode, signalCode } = this.child;
      if (exitCode !== null || signalCode !== null) {
        throw new Error(`ended without printing ${pattern}:\n${this.output}${this.errors}`);
      }
      if (this.child.stdout !== null) await Promise.race([once(this.child.stdout, 'data'), this.#ended]);
    }
  }

  /** Its exit code, or the signal that ended it. */
  async ended(): Promise<unknown> {
    const [code, signal] = await this.#ended;
    return code ?? signal;
  }
}
