import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export interface Outcome {
  /** What it wrote to its standard output, and to its standard error. */
  readonly output: string;
  readonly errors: string;
  /** Its exit code, or the signal that ended it. */
  readonly ended: number | string;
}

export interface RunOptions {
  readonly args?: readonly string[];
  /** Arguments of node's, before those that load kevent/register. */
  readonly before?: readonly string[];
  readonly env?: NodeJS.ProcessEnv;
  /** What its standard input is. */
  readonly input?: string;
}

/** Runs a program of ./programs with kevent/register, to its end. */
export async function run(file: string, options: RunOptions = {}): Promise<Outcome> {
  const { args = [], before = [], env = {}, input = '' } = options;
  const program = fileURLToPath(new URL(`programs/${file}`, import.meta.url));
  const argv = [...before, '--import', 'kevent/register', program, ...args];
  const child = spawn(process.execPath, argv, { cwd: ROOT, env: { ...process.env, ...env } });
  child.stdin.end(input);
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    errors += text;
  });
  const [code, signal] = await once(child, 'close');
  return { output, errors, ended: code ?? signal };
}
