import { binding } from '../abi/binding.js';
import { brokenErrno } from '../abi/errors.js';
import type { QueueEvent } from '../queue/event.js';
import type { Registration } from '../queue/registration.js';
import { loop, type Watcher } from './loop.js';

const EAGAIN = -11;
const EMFILE = -24;
const ENFILE = -23;
const ENOBUFS = -105;
const ENOMEM = -12;
/** What can pass by itself. */
const SHORTAGES: readonly number[] = [EMFILE, ENFILE, ENOBUFS, ENOMEM];
/** Milliseconds between two attempts while there is a shortage. */
const PAUSE = 10;
/** Connections that are accepted in one call. */
const MOST_AT_ONCE = 64;

/** Who is told of what an {@link Acceptor} accepts. */
export interface Accepting {
  /** `fd` is the callee's from now on. */
  accepted(fd: number): void;
  /** accept4 has failed, for a reason that does not pass by itself. */
  failed(errno: number): void;
}

/** Accepts what comes to a listening socket, which stays its owner's, in batches. */
export class Acceptor implements Watcher {
  readonly #fd: number;
  readonly #owner: Accepting;
  readonly #fds = new Int32Array(MOST_AT_ONCE);
  #kevent: Registration | undefined;
  /** Runs during a shortage: the connection stays in the backlog, and the fd ready, so we must not look at once. */
  #pause: NodeJS.Timeout | undefined;
  #referenced = true;

  constructor(fd: number, owner: Accepting) {
    this.#fd = fd;
    this.#owner = owner;
    this.#watch();
  }

  ref(): void {
    this.#referenced = true;
    this.#kevent?.ref();
    this.#pause?.ref();
  }

  unref(): void {
    this.#referenced = false;
    this.#kevent?.unref();
    this.#pause?.unref();
  }

  close(): void {
    this.#kevent?.remove();
    this.#kevent = undefined;
    clearTimeout(this.#pause);
    this.#pause = undefined;
  }

  #watch(): void {
    this.#kevent = loop().addListener(this.#fd, this);
    if (!this.#referenced) this.#kevent.unref();
  }

  ready(event: QueueEvent): void {
    if (event.broken) {
      this.close();
      this.#owner.failed(brokenErrno(event.data1));
      return;
    }
    const count = binding().socketAccept(this.#fd, this.#fds);
    if (count < 0) {
      this.#refused(count);
      return;
    }
    for (let i = 0; i < count; i++) {
      try {
        // A listener may have closed the server meanwhile: what is in this batch was accepted before that.
        this.#owner.accepted(this.#fds[i] as number);
      } catch (error) {
        // To 'uncaughtException', but the others have been accepted too.
        process.nextTick(() => {
          throw error;
        });
      }
    }
  }

  #refused(errno: number): void {
    if (errno === EAGAIN) return;
    if (!SHORTAGES.includes(errno)) {
      this.#owner.failed(errno);
      return;
    }
    this.close();
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      this.#watch();
    }, PAUSE);
    if (!this.#referenced) this.#pause.unref();
  }
}
