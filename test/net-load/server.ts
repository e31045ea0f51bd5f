// The server process of these tests, as they see it.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('programs/server.js', import.meta.url));

export interface State {
  /** Connections at the moment. */
  readonly open: number;
  /** Connections ever. */
  readonly opened: number;
  /** Codes of the errors that any socket, or the server, reported. */
  readonly errors: string[];
  readonly fds: number;
  readonly heap: number;
  readonly rss: number;
  readonly cpuMs: number;
  /** Bytes handed to write(). */
  readonly written: number;
  /** The most bytes that one socket had queued. */
  readonly mostQueued: number;
  /** How late the ticks of a timer came since the last question by its own doing, in ms. */
  readonly late: number[];
}

export class ServerProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #ended: Promise<never>;
  readonly port: number;

  private constructor(child: ChildProcess, port: number) {
    this.#child = child;
    this.#ended = once(child, 'exit').then(([code, signal]) => {
      throw new Error(`the server ended with ${code ?? signal}`);
    });
    this.#ended.catch(() => {});
    this.port = port;
  }

  /** @param fds - RLIMIT_NOFILE of the server; default: as many as it may have */
  static async start(work: 'echo' | 'flood' | 'mixed', fds?: number): Promise<ServerProcess> {
    const limit = `ulimit -n ${fds ?? '$(ulimit -H -n)'} && exec "$@"`;
    const child = spawn('sh', ['-c', limit, 'sh', process.execPath, '--expose-gc', PROGRAM, work], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
    const [{ port }] = (await once(child, 'message')) as [{ port: number }];
    return new ServerProcess(child, port);
  }

  /** @param gc - collects garbage first: `heap` is what is in use, and timers are late */
  async state(gc = true): Promise<State> {
    this.#child.send({ gc });
    const [state] = (await Promise.race([once(this.#child, 'message'), this.#ended])) as [
      Omit<State, 'fds' | 'rss'>,
    ];
    const folder = `/proc/${this.#child.pid}`;
    const rss = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`${folder}/status`, 'utf8'));
    return { ...state, fds: readdirSync(`${folder}/fd`).length, rss: 1024 * Number(rss?.[1]) };
  }

  /** Asks until it is so. */
  async until(condition: (state: State) => boolean, gc = true): Promise<State> {
    for (;;) {
      const state = await this.state(gc);
      if (condition(state)) return state;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const exit = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await exit;
  }
}
