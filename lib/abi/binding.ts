/**
 * What the native binding offers, and how it is found. Importing this file loads nothing: the
 * first use does, so that a program which merely imports the package starts on every platform.
 */
import type { Attachment, Deadline, Readiness } from './handles.js';
import { type LoadFailure, load } from './load.js';

/** A typed array of any kind: what the binding takes as memory. It reads its length at every call. */
export type Memory = NodeJS.TypedArray;

/**
 * The functions of the native binding. Each returns a number: 0 or more, or a negative errno. A
 * wrong type throws a TypeError; a number that cannot be what is asked for is answered with
 * -EINVAL (-EBADF for an fd), memory that is too short for what is said with -EFAULT.
 *
 * Times are `(sec, nsec)`; `sec < 0` waits for ever. Positions are numbers below 2^53.
 *
 * `getEvents`, `wait` and `claim` block the thread for at most 50 ms at a time: they answer
 * {@link WAIT_AGAIN} when their time is not over, and want to be called again at once with the
 * same arguments and {@link FLAGS_RESUME} added to the flags. With KEVENT_FLAGS_NONBLOCK they never
 * do so.
 */
export interface Binding {
  /** Makes a queue. The ring is held until `close`, or until the last environment that holds it is gone. */
  init(ring: Memory | null, size: number, flags: number): number;
  /** This environment too holds the queue, and its ring; -EINVAL if that is not the queue's ring. */
  share(fd: number, ring: Memory | null): number;
  /** Closes the queue for every environment. */
  close(fd: number): number;
  ctl(fd: number, cmd: number, num: number, entries: Memory | null): number;
  getEvents(
    fd: number,
    min: number,
    max: number,
    sec: number,
    nsec: number,
    buf: Memory,
    flags: number,
  ): number;
  wait(fd: number, num: number, oldUidx: number, sec: number, nsec: number, flags: number): number;
  commit(fd: number, newUidx: number, over: number): number;
  consumerOpen(fd: number): number;
  consumerClose(fd: number, consumer: number): number;
  /** `out[0]` becomes the position of the first slot claimed. */
  claim(
    fd: number,
    consumer: number,
    max: number,
    sec: number,
    nsec: number,
    flags: number,
    out: Float64Array,
  ): number;
  finish(fd: number, consumer: number, position: number, count: number): number;
  /** Copies as much as fits, returns the payload's whole length; `null` only asks for that. */
  payload(fd: number, handle: number, buf: Memory | null): number;
  inodeWatch(fd: number, path: string | Uint8Array, mask: number): number;
  inodeUnwatch(fd: number, wd: number): number;
  /** The number of a new group of watches. */
  inodeGroup(fd: number): number;
  inodeGroupWatch(fd: number, group: number, path: string | Uint8Array, mask: number): number;
  inodeGroupUnwatch(fd: number, group: number, wd: number): number;
  /** Bytes of records on their way to the group; and 1 for an event of it that is not committed. */
  inodeGroupBacklog(fd: number, group: number): number;
  inodeGather(fd: number, microseconds: number): number;
  inodeHurry(fd: number): number;
  /**
   * For each entry `d` (a directory) or `-`, its name, and a NUL. Returns how many bytes that is: if they are more than
   * `buf` has, what is there is of no use. A link is not followed.
   */
  directoryRead(path: string | Uint8Array, buf: Memory): number;
  /** A timer that is not deleted is when its environment ends. */
  timerCreate(clock: number): number;
  timerSettime(
    handle: number,
    flags: number,
    valueSec: number,
    valueNsec: number,
    intervalSec: number,
    intervalNsec: number,
  ): number;
  /** `out`: value's sec and nsec, interval's sec and nsec. */
  timerGettime(handle: number, out: Float64Array): number;
  timerDelete(handle: number): number;
  /** `out`: the 12 numbers of `struct kevent_statistics`, in its order. */
  stats(fd: number, out: Float64Array): number;
  /** A close-on-exec pidfd; to be closed with `pidfdClose`, at the latest when the environment ends. */
  pidfdOpen(pid: number): number;
  /** -EBADF if this environment has not opened it. */
  pidfdClose(pidfd: number): number;
  /** How a child has ended: exit code * 256, or the signal; -EAGAIN, -ECHILD. It is left to be waited for. */
  pidWait(pidfd: number): number;
  /** Accepts one connection, non-blocking and close-on-exec; its sockaddr goes to `address`. */
  accept(fd: number, address: Memory | null): number;
  /**
   * Sets the size of the slab's blocks (a power of two, 4 KiB to 1 MiB; 64 KiB if not called) and how many
   * there may be (1 to 4096; 256 if not called). -EBUSY once the queue has received anything.
   */
  naioSlab(fd: number, blockSize: number, blocks: number): number;
  /**
   * The memory of a block, which stays good for as long as the ArrayBuffer does, the queue closed or not.
   * `keep`: what is in the block by now is not written over; once it is used up and no slot holds it, its number gets
   * fresh memory. Each call makes a new ArrayBuffer of the same memory: it is meant to be kept, one a block.
   * -ENOENT: there is no such block.
   */
  naioBlock(fd: number, block: number, keep: boolean): ArrayBuffer | number;
  /**
   * Removes the NAIO kevent that the ukevent `entry` names, and closes its descriptor, which must be the caller's. 0, or a
   * negative errno: then nothing was closed.
   */
  naioClose(fd: number, entry: Memory): number;
  /**
   * Sends what the first `count` entries of `words` describe, {@link SEND_WORDS} each:
   * `[fd, from, length, flags]`; see {@link SEND_BUFFER} and {@link SEND_MORE}. Its bytes are `length` at `from` in
   * `arena` or in one of `buffers`. One sendmsg a group; its result, bytes or a negative errno, goes to `length` of
   * the group's first entry. An entry that names what is not there makes its group -EFAULT, and stops no other. Never
   * raises SIGPIPE, never waits: -EINVAL for a pipe that is not non-blocking.
   */
  naioSend(words: Int32Array, count: number, arena: Uint8Array, buffers: readonly Uint8Array[]): number;
  /** A stream socket, non-blocking and close-on-exec. It is closed with its environment if it was not before. */
  socketOpen(family: SocketFamily, type: typeof SOCKET_STREAM): number;
  /** `flags`: {@link BIND_REUSEPORT}, {@link BIND_IPV6ONLY}. `address` is numeric, perhaps with a scope: `'fe80::1%lo'`. */
  socketBind(fd: number, address: string, port: number, flags: number): number;
  /** A leading NUL makes the name abstract. */
  socketBindPath(fd: number, path: string | Uint8Array): number;
  socketListen(fd: number, backlog: number): number;
  /** 0, or -EINPROGRESS: then SEND says when it is decided, and SO_ERROR how. */
  socketConnect(fd: number, address: string, port: number): number;
  /** -EAGAIN: the backlog is full. */
  socketConnectPath(fd: number, path: string | Uint8Array): number;
  /**
   * Accepts as many connections as there are, and as fit into `out`; each is closed with this environment if it was
   * not before. If there is none: -EAGAIN, or why not. -EINVAL if `fd` is not non-blocking.
   */
  socketAccept(fd: number, out: Int32Array): number;
  /** Receives into `memory`, once. Bytes, 0 at the end, or a negative errno: -EAGAIN; -ENOTSOCK (a pipe, say). */
  socketReceive(fd: number, memory: Uint8Array): number;
  /** Sends, once: bytes that the kernel took, or a negative errno. As {@link naioSend}, of one piece. */
  socketSend(fd: number, memory: Uint8Array): number;
  /** `how`: 0 reading, 1 writing, 2 both. */
  socketShutdown(fd: number, how: number): number;
  socketName(fd: number): SocketName | number;
  socketPeer(fd: number): SocketName | number;
  socketSetOption(fd: number, level: number, option: number, value: number): number;
  /** 0, and the option's value in `out[0]`. */
  socketGetOption(fd: number, level: number, option: number, out: Int32Array): number;
  /** Closes with RST: what was not sent yet is thrown away. */
  socketReset(fd: number): number;
  /** Bytes of the file `input`, from `offset` on (-1: from where it stands, and moves it), into `output`. Never raises SIGPIPE. */
  sendfile(output: number, input: number, offset: number, count: number): number;
  /** From now on `fd` is closed with this environment if it was not before. */
  adoptFd(fd: number): number;
  /** The opposite of {@link adoptFd}: somebody else has it now. -EBADF if it was not this environment's. */
  disownFd(fd: number): number;
  closeFd(fd: number): number;
  setNonblocking(fd: number): number;
  fdKind(fd: number): FdDescription | number;
  /** Takes our place in front of signal handlers again that libuv has just put in or taken out. */
  signalReassert(): void;
  /** The sha256 of native/ that the binary was built from. */
  sourceHash(): string;
  /** Every constant and offset as the compiler sees it. */
  layout(): Record<string, number | bigint>;
  /** Which mechanism connects this thread's event loop: `'uv'` or `'thread'`. */
  driver(): string;
  readonly Attachment: new (fd: number, control: Float64Array, callback: () => void) => Attachment;
  readonly Readiness: new (fd: number, callback: () => void) => Readiness;
  readonly Deadline: new (
    sec: number,
    nsec: number,
    flags: number,
    callback: (result: number) => void,
  ) => Deadline;
}

/** `socketOpen`: local, IPv4, IPv6. */
export type SocketFamily = 1 | 4 | 6;

/** One end of a connection. */
export interface SocketName {
  /** What kind of address it is. */
  readonly family: 'IPv4' | 'IPv6' | 'unix' | 'unknown';
  /** Numeric; of a local socket its path, with a leading NUL if it is abstract, or `''`. */
  readonly address: string;
  /** 0 if it is a local socket. */
  readonly port: number;
}

export interface FdDescription {
  /** `'tcp'`, `'udp'`: over IPv4 or IPv6. `'unix'`: a local socket of any type. */
  readonly kind: 'tcp' | 'udp' | 'unix' | 'pipe' | 'tty' | 'file' | 'unknown';
  readonly family: SocketName['family'];
  /** Whether it is a stream socket. */
  readonly stream: boolean;
  readonly listening: boolean;
}

/** `socketOpen`: the only type there is. */
export const SOCKET_STREAM = 1;
/** `socketBind`: several sockets may listen on one port: the kernel divides the connections. */
export const BIND_REUSEPORT = 1;
/** `socketBind`: not for IPv4 as well. */
export const BIND_IPV6ONLY = 2;
/** Words of an entry of `naioSend`. */
export const SEND_WORDS = 4;
/** `naioSend`, flags of an entry: the next one belongs to the same sendmsg; at most 1024 do. */
export const SEND_MORE = 1;
/** `naioSend`, flags of an entry: so many times this for the so many-th of `buffers`, 0 times for the arena. */
export const SEND_BUFFER = 2;

/** What a blocking call answers when its slice of 50 ms is over but its time is not. No errno has this value. */
export const WAIT_AGAIN = -4096;
/** Added to the flags of a waiting call that goes on where {@link WAIT_AGAIN} left off. */
export const FLAGS_RESUME = 0x40000000;

let loaded: Binding | undefined;
let failure: LoadFailure | undefined;

function attempt(): Binding | undefined {
  if (loaded === undefined && failure === undefined) {
    const result = load();
    if (result.binding !== undefined) loaded = result.binding;
    else failure = result;
  }
  return loaded;
}

/**
 * The native binding; loaded when first asked for, once per thread.
 *
 * @throws ERR_FEATURE_UNAVAILABLE_ON_PLATFORM, with a message that says what was looked for and the
 * loader's own error as `cause`
 */
export function binding(): Binding {
  const found = loaded ?? attempt();
  if (found !== undefined) return found;
  const error = new Error(failure?.message, { cause: failure?.cause });
  throw Object.assign(error, { code: 'ERR_FEATURE_UNAVAILABLE_ON_PLATFORM' });
}

/**
 * Whether kevent works here: Linux, with a binary for this architecture and C library. Never throws.
 *
 * @example
 * if (isSupported()) await using queue = new Queue();
 */
export function isSupported(): boolean {
  return attempt() !== undefined;
}
