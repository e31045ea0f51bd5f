import { AsyncResource } from 'node:async_hooks';

import { binding, type SocketName } from '../abi/binding.js';
import { KEVENT_NAIO_MOST_SHARED, KEVENT_SOCKET_RECV, KEVENT_SOCKET_SEND } from '../abi/constants.js';
import type { QueueEvent } from '../queue/event.js';
import type { Registration } from '../queue/registration.js';
import type { Writer } from './completions.js';
import { loop, type Watcher } from './loop.js';
import { readyFor, receivedBytes } from './naio_event.js';
import type { Receiver } from './receiver.js';
import type { Sending } from './sender.js';
import { ended, failed, received, rest, sent, taken, written } from './socket_symbols.js';
import { setKeepAlive, setNoDelay, socketError } from './tcp_options.js';

const RECV = KEVENT_SOCKET_RECV;
const SEND = KEVENT_SOCKET_SEND;
const EAGAIN = -11;
const EBADF = -9;
const EIO = -5;
const ENOTCONN = -107;
const ENOTSOCK = -88;
/** Chunks from this on are sent at once: nothing is gained by gathering them. */
const LEAST_AT_ONCE = 16 * 1024;

/** Chunks that a connection receives beyond the one of its event: so long everybody else waits. */
const MOST_MORE = 7;
/** Of a file that are given to the kernel at once: so long everybody else waits. */
const MOST_OF_FILE = 512 * 1024;

/** What is left to be sent of a file. */
interface FilePart {
  readonly fd: number;
  offset: number;
  left: number;
}

/** A string with its encoding, or bytes. */
export interface Piece {
  readonly chunk: string | Uint8Array;
  readonly encoding: BufferEncoding;
}

/** What a handle tells, in the async context that the handle was made in. */
export interface StreamListener {
  [received](chunk: Buffer): void;
  /**
   * The same, of bytes that lie in the slab, and without the async context: it sees to that itself. False: nothing was
   * done, and it wants them in {@link received}.
   */
  [taken](place: number, length: number): boolean;
  [ended](): void;
  /** The connection is broken; `errno` is negative. */
  [failed](errno: number): void;
  /** What was written is with the kernel (0), or why it cannot be. May come before write() has returned. */
  [written](errno: number): void;
  /** The same, without the async context, and at once. False: it wants to hear of it in {@link written}. */
  [sent](errno: number): boolean;
  /** Memory that can be made again may go. */
  [rest](): void;
}

/** What a handle answers when it is told that the connection is there, or why not: 0 or a negative errno. */
export type Connected = (errno: number) => void;

/** How the descriptor ends, where it is not ours to close. */
export interface DescriptorOwner {
  close(): void;
}

const NOTHING: readonly Uint8Array[] = [];
const none = (): void => {};

/**
 * One connected, or connecting, descriptor: what net.Socket calls its `_handle`. It owns the descriptor. A class of
 * its own for the async context would cost each connection as much memory as half of this one.
 */
export class StreamHandle extends AsyncResource implements Watcher, Sending, Writer {
  /** -1 while there is none. */
  fd: number;
  /** Whether what is received is wanted. */
  reading = false;
  bytesRead = 0;
  bytesWritten = 0;
  listener: StreamListener | undefined = undefined;
  #owner: DescriptorOwner | undefined;
  #registration: Registration | undefined = undefined;
  /** What is asked of the kernel: RECV, SEND. */
  #mask = 0;
  #refed = true;
  #closed = false;
  /** Whether something of ours is in the sender. */
  #writing = false;
  /** What the kernel did not take yet. */
  #rest = NOTHING;
  #connected: Connected | undefined = undefined;
  #file: FilePart | undefined = undefined;

  /** @param owner - closes the descriptor in our place */
  constructor(fd = -1, owner?: DescriptorOwner) {
    super('TCPWRAP', { requireManualDestroy: true });
    this.fd = fd;
    this.#owner = owner;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Bytes that were given to send and are not sent yet. */
  get writeQueueSize(): number {
    let sum = this.#file?.left ?? 0;
    for (const piece of this.#rest) sum += piece.length;
    return sum;
  }

  /** Takes a descriptor, in place of the one it has. */
  open(fd: number): void {
    this.#letGo();
    this.fd = fd;
  }

  /** Closes the descriptor, but not the handle: another may come. */
  drop(): void {
    this.#letGo();
    this.fd = -1;
  }

  getAsyncId(): number {
    return this.asyncId();
  }

  ref(): void {
    this.#refed = true;
    this.#hold();
  }

  unref(): void {
    this.#refed = false;
    this.#hold();
  }

  hasRef(): boolean {
    return this.#refed && !this.#closed;
  }

  /** 0, or a negative errno. */
  readStart(): number {
    if (this.#closed) return EBADF;
    this.reading = true;
    return this.#ask(this.#mask | RECV);
  }

  /** What comes once more is still handed on: most who stop go on at once, and that costs nothing this way. */
  readStop(): number {
    this.reading = false;
    return 0;
  }

  /** Calls back when the connection is there, or with the errno of why it is not. */
  whenConnected(done: Connected): number {
    this.#connected = done;
    return this.#ask(this.#mask | SEND);
  }

  /** Sends in this turn of the event loop; one call at a time. */
  write(chunk: string | Uint8Array, encoding: BufferEncoding): number {
    if (this.#closed) return EBADF;
    if (chunk.length >= LEAST_AT_ONCE && typeof chunk !== 'string' && !loop().sender.isLate) {
      this.#writeNow(chunk);
      return 0;
    }
    loop().sender.begin(this, this.fd);
    this.#writing = true;
    this.#add(chunk, encoding);
    return 0;
  }

  writev(pieces: readonly Piece[]): number {
    if (this.#closed) return EBADF;
    loop().sender.begin(this, this.fd);
    this.#writing = true;
    for (const { chunk, encoding } of pieces) this.#add(chunk, encoding);
    return 0;
  }

  /**
   * Sends bytes of a file without reading them, from here on and as the peer takes them; one call at a time, as with
   * {@link write}. The file has to stay open until it is told that they are sent.
   */
  sendFile(fd: number, offset: number, length: number): number {
    if (this.#closed) return EBADF;
    this.#file = { fd, offset, left: length };
    this.#sendPart(this.#file);
    return 0;
  }

  /** Ends the sending half. 0, or a negative errno. */
  shutdown(): number {
    const result = binding().socketShutdown(this.fd, 1);
    return result === ENOTCONN ? 0 : result;
  }

  /** Calls back when everybody else in this turn has had his events. What was written in this turn is sent before. */
  close(done: () => void = none): void {
    if (this.#closed) return;
    if (this.#writing) loop().sender.finish(this);
    this.#end();
    this.drop();
    setImmediate(done);
  }

  /** Closes with RST. */
  reset(done: () => void = none): number {
    if (this.#closed) return EBADF;
    if (this.#writing) loop().sender.forget(this);
    this.#end();
    this.#registration?.remove();
    this.#registration = undefined;
    if (this.fd >= 0) binding().socketReset(this.fd);
    this.fd = -1;
    setImmediate(done);
    return 0;
  }

  ready(event: QueueEvent<unknown, unknown>): void {
    if (this.reading && !event.broken && readyFor(event) === RECV) {
      const length = receivedBytes(event);
      if (length > 0 && this.listener?.[taken](event.data1, length) === true) return;
    }
    this.runInAsyncScope(this.#ready, this, event);
  }

  rest(): void {
    if (!this.#closed && this.#connected === undefined) this.listener?.[rest]();
  }

  sent(result: number, total: number, rest: readonly Uint8Array[]): void {
    if (this.#closed) return;
    this.#writing = false;
    if (result === EAGAIN || (result >= 0 && result < total)) {
      this.#rest = rest;
      this.#ask(this.#mask | SEND);
      return;
    }
    if ((this.#mask & SEND) !== 0) this.#ask(this.#mask & ~SEND);
    const errno = Math.min(result, 0);
    if (this.listener?.[sent](errno) === false) loop().completions.add(this, errno);
  }

  completed(errno: number): void {
    if (!this.#closed) this.runInAsyncScope(this.#written, this, errno);
  }

  /** undefined if it has none. */
  get sockname(): SocketName | undefined {
    if (this.#closed) return undefined;
    const name = binding().socketName(this.fd);
    return typeof name === 'number' ? undefined : name;
  }

  get peername(): SocketName | undefined {
    if (this.#closed) return undefined;
    const name = binding().socketPeer(this.fd);
    return typeof name === 'number' ? undefined : name;
  }

  setNoDelay(enable: boolean): number {
    return setNoDelay(this.fd, enable);
  }

  /** `delay`: seconds; 0 leaves it as it is. */
  setKeepAlive(enable: boolean, delay: number): number {
    return setKeepAlive(this.fd, enable, delay);
  }

  #add(chunk: string | Uint8Array, encoding: BufferEncoding): void {
    const { sender } = loop();
    this.bytesWritten += typeof chunk === 'string' ? sender.string(chunk, encoding) : sender.bytes(chunk);
  }

  #writeNow(chunk: Uint8Array): void {
    const { length } = chunk;
    this.bytesWritten += length;
    const result = loop().sender.now(this.fd, chunk);
    if (result === length || (result < 0 && result !== EAGAIN)) {
      this.listener?.[written](Math.min(result, 0));
      return;
    }
    this.#rest = [chunk.subarray(Math.max(result, 0))];
    this.#ask(this.#mask | SEND);
  }

  #sendPart(part: FilePart): void {
    const result = binding().sendfile(this.fd, part.fd, part.offset, Math.min(part.left, MOST_OF_FILE));
    if (result > 0) {
      part.offset += result;
      part.left -= result;
      this.bytesWritten += result;
    }
    if (part.left > 0 && (result > 0 || result === EAGAIN)) {
      this.#ask(this.#mask | SEND);
      return;
    }
    this.#file = undefined;
    this.#ask(this.#mask & ~SEND);
    // The file has become shorter meanwhile.
    const errno = result === 0 && part.left > 0 ? EIO : Math.min(result, 0);
    loop().completions.add(this, errno);
  }

  #written(errno: number): void {
    this.listener?.[written](errno);
  }

  #ready(event: QueueEvent<unknown, unknown>): void {
    if (event.broken) {
      this.#registration = undefined;
      this.#mask = 0;
      this.#fail(event.data1 | 0);
      return;
    }
    const what = readyFor(event);
    if ((what & SEND) !== 0) this.#writable();
    if ((what & RECV) === 0 || this.#closed) return;
    const length = receivedBytes(event);
    if (length === 0) {
      // The engine does not ask for it any more either.
      this.#mask &= ~RECV;
      this.reading = false;
      this.#hold();
      this.listener?.[ended]();
      return;
    }
    if (!this.reading) this.#ask(this.#mask & ~RECV);
    const { receiver } = loop();
    this.bytesRead += length;
    this.listener?.[received](receiver.chunk(event.data1, length));
    if (length > KEVENT_NAIO_MOST_SHARED) this.#receiveMore(receiver);
  }

  /** Where so much comes, there is mostly more. The end is found by the next event. */
  #receiveMore(receiver: Receiver): void {
    for (let i = 0; i < MOST_MORE && this.reading; i += 1) {
      const chunk = receiver.more(this.fd);
      if (typeof chunk === 'number') {
        if (chunk < 0 && chunk !== EAGAIN && chunk !== ENOTSOCK) this.#broken(chunk);
        return;
      }
      this.bytesRead += chunk.length;
      this.listener?.[received](chunk);
    }
  }

  #writable(): void {
    const connected = this.#connected;
    if (connected !== undefined) {
      this.#connected = undefined;
      this.#ask(this.#mask & ~SEND);
      connected(socketError(this.fd));
      return;
    }
    if (this.#writing) return; // on its way already
    if (this.#file !== undefined) {
      this.#sendPart(this.#file);
      return;
    }
    const rest = this.#rest;
    if (rest.length === 0) {
      this.#ask(this.#mask & ~SEND);
      return;
    }
    // SEND stays on until all is sent: to turn it off and on again would be a system call each.
    this.#rest = NOTHING;
    this.#writing = true;
    const { sender } = loop();
    sender.begin(this, this.fd);
    for (const piece of rest) sender.bytes(piece);
  }

  #broken(errno: number): void {
    this.#registration?.remove();
    this.#registration = undefined;
    this.#mask = 0;
    this.#fail(errno);
  }

  #fail(errno: number): void {
    const connected = this.#connected;
    this.#connected = undefined;
    if (connected !== undefined) connected(errno);
    else this.listener?.[failed](errno);
  }

  #ask(mask: number): number {
    if (mask === this.#mask) return 0;
    const before = this.#mask;
    this.#mask = mask;
    try {
      if (this.#registration === undefined) this.#registration = loop().addStream(this.fd, mask, this);
      else this.#registration.modify({ event: mask });
      // A kevent is added as one that keeps the process alive.
      if (!this.#refed || mask === 0 || before === 0) this.#hold();
      return 0;
    } catch (error) {
      return error instanceof Error && 'errno' in error && typeof error.errno === 'number'
        ? error.errno
        : EBADF;
    }
  }

  /** As libuv does it, a handle that waits for nothing does not keep the process alive. */
  #hold(): void {
    const registration = this.#registration;
    if (registration === undefined) return;
    if (this.#refed && this.#mask !== 0) registration.ref();
    else registration.unref();
  }

  #letGo(): void {
    this.#registration?.remove();
    this.#registration = this.#connected = undefined;
    this.#mask = 0;
    if (this.fd < 0) return;
    if (this.#owner === undefined) binding().closeFd(this.fd);
    else this.#owner.close();
    this.#owner = undefined;
  }

  #end(): void {
    this.#closed = true;
    this.reading = false;
    this.listener = undefined;
    this.#writing = false;
    this.#rest = NOTHING;
    this.#file = undefined;
    this.emitDestroy();
  }
}
