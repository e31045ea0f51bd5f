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
 */
export function runProgram(text: string, flags: readonly string[] = []): Promise<Ended> {
  return new Promise((resolve) => {
    const argv = [...flags, '--input-type=module', '--eval', text];
    const child = execFile(process.execPath, argv, { cwd: ROOT, timeout: 20_000 }, (_, stdout, stderr) => {
      resolve({ code: child.exitCode, signal: child.signalCode, stdout, stderr });
    });
  });
}
