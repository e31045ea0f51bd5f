import { type ChildProcess, type StdioOptions, spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** The built program, as `npx kevent` starts it. */
export const PROGRAM = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const running = new Set<ChildProcess>();

/** For afterEach: nothing outlives its test. */
export function killAll(): void {
  for (const child of running) child.kill('SIGKILL');
}

/** `kevent` with arguments, in a process of its own. */
export class Command {
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  stdout = '';
  stderr = '';

  constructor(args: readonly string[], stdio: StdioOptions = 'pipe', environment: NodeJS.ProcessEnv = {}) {
    const env = { ...process.env, ...environment };
    this.child = spawn(process.execPath, [PROGRAM, ...args], { stdio, env });
    running.add(this.child);
    this.child.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.stderr += text;
    });
    this.ended = new Promise((resolve) => {
      this.child.once('close', (code, signal) => {
        running.delete(this.child);
        resolve({ code, signal });
      });
    });
  }

  /** What was printed so far, by whole lines. */
  get lines(): string[] {
    return this.stdout.split('\n').slice(0, -1);
  }

  /** The same, parsed. */
  get values(): Record<string, unknown>[] {
    return this.lines.map((line) => JSON.parse(line));
  }
}
