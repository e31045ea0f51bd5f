import { binding } from '../../abi/binding.js';
import { KEVENT_INODE, KEVENT_INODE_GROUP, KEVENT_REQ_MUTED } from '../../abi/constants.js';
import { errnoName, type SystemError, systemError } from '../../abi/errors.js';
import { payloadBytes } from '../../queue/event.js';
import type { Queue } from '../../queue/queue.js';
import type { Registration } from '../../queue/registration.js';
import { toSystem, toText } from './names.js';

const HINTS: Readonly<Record<string, string>> = {
  ENOSPC: 'raise fs.inotify.max_user_watches',
  EMFILE: 'raise fs.inotify.max_user_instances, or the limit of open files',
};

/**
 * Microseconds that the first record of a burst waits for the others: who writes a file opens, writes and closes it, and
 * waking up three times for that costs more than all the rest.
 */
const GATHER = 2000;

/** Why a path cannot be watched. @param errno - negative */
export function watchError(errno: number, path: string): SystemError {
  const hint = HINTS[errnoName(errno)];
  const text = toText(path);
  const error = systemError(
    errno,
    'kevent_inode_watch',
    `${hint === undefined ? '' : `${hint}; `}path '${text}'`,
  );
  return Object.assign(error, { path: text });
}

/** One kevent for all the directories of a watch: their records come together, in the order in which things happened. */
export class Group {
  readonly #fd: number;
  readonly #number: number;
  readonly #mask: number;
  readonly #registration: Registration;
  #muted = false;
  #delivering = false;

  /**
   * @param mask - of all watches
   * @throws what `queue.add` throws
   */
  constructor(
    queue: Queue,
    mask: number,
    deliver: (payload: Uint8Array) => void,
    fail: (error: unknown) => void,
  ) {
    this.#fd = queue.fd;
    this.#mask = mask;
    // What checks that the queue is open, and attaches it.
    const handler = queue.handler((event) => {
      if (event.broken) fail(event.error());
      else {
        this.#delivering = true;
        deliver(payloadBytes(this.#fd, event.type, event.retFlags, event.data1) ?? new Uint8Array(0));
        this.#delivering = false;
      }
    });
    this.#number = binding().inodeGroup(this.#fd);
    if (this.#number < 0) throw systemError(this.#number, 'kevent_inode_group');
    // Without a timer for it they come one by one.
    binding().inodeGather(this.#fd, GATHER);
    const id = KEVENT_INODE_GROUP | BigInt(this.#number);
    this.#registration = queue.add({ type: KEVENT_INODE, id, event: mask }, handler);
  }

  /** Returns the wd, or a negative errno. The same inode again: the same wd. */
  watch(path: string, mask: number): number {
    return binding().inodeGroupWatch(this.#fd, this.#number, toSystem(path), mask);
  }

  /** It may be gone already. */
  unwatch(wd: number): void {
    binding().inodeGroupUnwatch(this.#fd, this.#number, wd);
  }

  /** Whether nothing has happened that was not delivered, or is being delivered. */
  get settled(): boolean {
    // The event that is being delivered counts as one.
    return binding().inodeGroupBacklog(this.#fd, this.#number) <= (this.#delivering ? 1 : 0);
  }

  /** What has happened is to be delivered now: somebody waits for it. */
  hurry(): void {
    binding().inodeHurry(this.#fd);
  }

  set muted(muted: boolean) {
    if (muted === this.#muted || !this.#registration.active) return;
    this.#muted = muted;
    this.#registration.modify({ event: this.#mask, flags: muted ? KEVENT_REQ_MUTED : 0 });
  }

  set refed(refed: boolean) {
    if (refed) this.#registration.ref();
    else this.#registration.unref();
  }

  /** Ends all watches. */
  close(): void {
    this.#registration.remove();
  }
}
