import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** How a program ended, and what it printed. */
export interface Ended {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Runs the text of a module in a process of its own, which imports the built package by its name. One
 * that does not end by itself is killed.
 *
 * @param files - that it may have open
 */
export function runProgram(
  text: string,
  flags: readonly string[] = [],
  files: number | 'unlimited' = 'unlimited',
): Promise<Ended> {
  return new Promise((resolve) => {
    const limit = files === 'unlimited' ? '' : `ulimit -n ${files} && `;
    const node = [process.execPath, ...flags, '--input-type=module', '--eval', text];
    const argv = ['-c', `${limit}exec "$@"`, 'sh', ...node];
    const child = execFile('sh', argv, { cwd: ROOT, timeout: 20_000 }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr });
    });
  });
}
