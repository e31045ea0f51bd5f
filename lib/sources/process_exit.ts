import type { ChildProcess } from 'node:child_process';
import { constants } from 'node:os';

import { binding } from '../abi/binding.js';
import { KEVENT_POLL_POLLIN } from '../abi/constants.js';
import { invalidArgType, outOfRange, systemError } from '../abi/errors.js';
import { request } from '../queue/request.js';
import { EventStream } from '../streams/event_stream.js';
import type { Feed, Sink } from '../streams/source.js';
import { KeventFeed } from './kevent_feed.js';
import { checkOptions, queueOf, type SourceOptions } from './options.js';

/** That a process has ended, and how, where that can be known: of children only. */
export interface ProcessExit {
  /** Of the process that has ended. */
  pid: number;
  /** The exit code; null if a signal ended it, or if it is not a child. */
  code: number | null;
  /** The signal that ended it; null if it exited, or if it is not a child. */
  signal: NodeJS.Signals | null;
}

const ESRCH = -3;
const ENOSYS = -38;

function signalName(number: number): NodeJS.Signals | null {
  for (const [name, value] of Object.entries(constants.signals)) {
    if (value === number) return name as NodeJS.Signals;
  }
  return null;
}

/** A pidfd, watched. */
class PidFeed implements Feed {
  readonly #pidfd: number;
  readonly #kevent: KeventFeed;

  /** @throws SystemError: ESRCH, EMFILE, ENOSYS (before Linux 5.3) */
  constructor(pid: number, options: SourceOptions, sink: Sink<ProcessExit>) {
    this.#pidfd = binding().pidfdOpen(pid);
    if (this.#pidfd < 0) {
      const hint = this.#pidfd === ESRCH ? `there is no process ${pid}` : undefined;
      throw systemError(this.#pidfd, 'pidfd_open', hint);
    }
    try {
      const asked = request.poll(this.#pidfd, KEVENT_POLL_POLLIN);
      this.#kevent = new KeventFeed(queueOf(options), asked, sink, () => {
        sink.push({ pid, ...this.#status() });
        sink.end();
      });
    } catch (error) {
      binding().pidfdClose(this.#pidfd);
      throw error;
    }
  }

  mute(): void {}

  unmute(): void {}

  ref(): void {
    this.#kevent.ref();
  }

  unref(): void {
    this.#kevent.unref();
  }

  close(): void {
    this.#kevent.close();
    binding().pidfdClose(this.#pidfd);
  }

  #status(): Omit<ProcessExit, 'pid'> {
    const status = binding().pidWait(this.#pidfd);
    // Not a child; or somebody has waited for it before us.
    if (status < 0) return { code: null, signal: null };
    return status < 256
      ? { code: null, signal: signalName(status & 0x7f) }
      : { code: status >> 8, signal: null };
  }
}

/** A child of Node.js, which waits for it by itself and knows how it ended. */
class ChildFeed implements Feed {
  readonly #child: ChildProcess;
  readonly #pid: PidFeed | undefined;
  readonly #sink: Sink<ProcessExit>;
  readonly #onExit = (): void => this.#tell();

  constructor(child: ChildProcess, pid: number, options: SourceOptions, sink: Sink<ProcessExit>) {
    this.#child = child;
    this.#sink = sink;
    if (this.#hasEnded()) {
      this.#tell();
      return;
    }
    child.once('exit', this.#onExit);
    try {
      // Keeps this thread alive, if the child itself does not, until Node.js says how it ended.
      this.#pid = new PidFeed(pid, options, { ...sink, push: () => true, end: () => undefined });
    } catch (error) {
      const { errno } = error as { errno?: number };
      // It has ended, and Node.js has waited for it but not said so yet; or there are no pidfds. We do without.
      if (errno === ESRCH || errno === ENOSYS) return;
      child.removeListener('exit', this.#onExit);
      throw error;
    }
  }

  mute(): void {}

  unmute(): void {}

  ref(): void {
    this.#pid?.ref();
  }

  unref(): void {
    this.#pid?.unref();
  }

  close(): void {
    this.#child.removeListener('exit', this.#onExit);
    this.#pid?.close();
  }

  #hasEnded(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null;
  }

  #tell(): void {
    const { pid = 0, exitCode: code, signalCode: signal } = this.#child;
    this.#sink.push({ pid, code, signal });
    this.#sink.end();
  }
}

/**
 * The end of a process, once: any process that this one may see, not only children. How it ended is known of children
 * (a ChildProcess always; a pid, unless somebody else has waited for it first). A process that has ended and
 * not been waited for counts as one that has just ended.
 *
 * @param process - a pid, or a ChildProcess that was started
 * @param options - what every stream takes
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE; the loop: ESRCH (no such process), ENOSYS (before Linux 5.3), EMFILE
 * @example
 * const { code } = (await processExit(spawn('make')).once()) ?? {};
 * for await (const { pid } of processExit(1234)) console.log(pid, 'is gone');
 */
export function processExit(
  process: number | ChildProcess,
  options: SourceOptions = {},
): EventStream<ProcessExit> {
  checkOptions(options);
  const pid = typeof process === 'object' && process !== null ? process.pid : process;
  if (typeof pid !== 'number') {
    throw invalidArgType('process', 'a pid, or a ChildProcess that was started', process);
  }
  if (!Number.isInteger(pid) || pid < 1 || pid > 0x7fffffff) {
    throw outOfRange('pid', 'an integer >= 1 and <= 2147483647', pid);
  }
  const open =
    typeof process === 'object'
      ? (sink: Sink<ProcessExit>): Feed => new ChildFeed(process, pid, options, sink)
      : (sink: Sink<ProcessExit>): Feed => new PidFeed(pid, options, sink);
  return new EventStream<ProcessExit>({ level: false, open }, options);
}
