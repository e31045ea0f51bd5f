import { AsyncResource, executionAsyncId } from 'node:async_hooks';

import { binding, type SocketName } from '../abi/binding.js';
import {
  KEVENT_CTL_MODIFY,
  KEVENT_NAIO_MOST_SHARED,
  KEVENT_SOCKET_RECV,
  KEVENT_SOCKET_SEND,
} from '../abi/constants.js';
import type { Dispatch } from '../queue/dispatch.js';
import type { QueueEvent } from '../queue/event.js';
import { afterPromises } from './after_promises.js';
import type { Writer } from './completions.js';
import type { Ending } from './endings.js';
import { type Connection, loop } from './loop.js';
import { readyFor, receivedBytes } from './naio_event.js';
import type { Sending } from './sender.js';
import { ended, failed, received, rest, sent, taken, written } from './socket_symbols.js';
import type { Rest } from './state_litter.js';
import { setKeepAlive, setNoDelay, socketError } from './tcp_options.js';

const RECV = KEVENT_SOCKET_RECV;
const SEND = KEVENT_SOCKET_SEND;
const EAGAIN = -11;
const EBADF = -9;
const EIO = -5;
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
  [rest](all: Rest): void;
}

/** What a handle answers when it is told that the connection is there, or why not: 0 or a negative errno. */
export type Connected = (errno: number) => void;

/** How the descriptor ends, where it is not ours to close. */
export interface DescriptorOwner {
  close(): void;
}

const NOTHING: readonly Uint8Array[] = [];

// What a handle is, beside what it asks of the kernel (RECV, SEND), in one word: memory counts.
const READING = 1 << 16;
const UNREFED = 1 << 17;
const CLOSED = 1 << 18;
/** Something of ours is in the sender. */
const WRITING = 1 << 19;
/** There is a kevent. */
const ADDED = 1 << 20;
const MASK = READING - 1;
/** The turn of the event loop in which something was received last: its lowest bits. */
const TURN_SHIFT = 21;
const TURN = 0xff << TURN_SHIFT;

/** What few handles have, and those that have it not for long. */
class Rarities {
  owner: DescriptorOwner | undefined = undefined;
  /** What the kernel did not take yet. */
  rest = NOTHING;
  connected: Connected | undefined = undefined;
  file: FilePart | undefined = undefined;
}

const NO_RARITIES: Readonly<Rarities> = new Rarities();

const none = (): void => {};

/** What Node counts in doubles, as an integer where it is one that needs no memory beside the field that it is in. */
function inlineInteger(id: number): number {
  return id < 2 ** 30 ? id | 0 : id;
}

/**
 * One connected, or connecting, descriptor: what net.Socket calls its `_handle`. It owns the descriptor. A class of
 * its own for the async context would cost each connection as much memory as half of this one.
 */
export class StreamHandle extends AsyncResource implements Connection, Sending, Writer, Ending {
  /** -1 while there is none. */
  fd: number;
  bytesRead = 0;
  bytesWritten = 0;
  listener: StreamListener | undefined = undefined;
  slot = -1;
  readonly dispatch: Dispatch = loop().connections;
  #is = 0;
  #rarities: Rarities | undefined = undefined;

  /** @param owner - closes the descriptor in our place */
  constructor(fd = -1, owner?: DescriptorOwner) {
    super('TCPWRAP', { requireManualDestroy: true, triggerAsyncId: inlineInteger(executionAsyncId()) });
    this.fd = fd;
    if (owner !== undefined) this.rare.owner = owner;
  }

  /** Whether what is received is wanted. */
  get reading(): boolean {
    return (this.#is & READING) !== 0;
  }

  set reading(reading: boolean) {
    this.set(READING, reading);
  }

  get closed(): boolean {
    return (this.#is & CLOSED) !== 0;
  }

  /** Bytes that were given to send and are not sent yet. */
  get writeQueueSize(): number {
    const { file, rest } = this.#rarities ?? NO_RARITIES;
    let sum = file?.left ?? 0;
    for (const piece of rest) sum += piece.length;
    return sum;
  }

  /** Takes a descriptor, in place of the one it has. */
  open(fd: number): void {
    this.letGo();
    this.fd = fd;
  }

  /** Closes the descriptor, but not the handle: another may come. */
  drop(): void {
    this.letGo();
    this.fd = -1;
  }

  getAsyncId(): number {
    return this.asyncId();
  }

  ref(): void {
    this.set(UNREFED, false);
    this.hold();
  }

  unref(): void {
    this.set(UNREFED, true);
    this.hold();
  }

  hasRef(): boolean {
    return (this.#is & (UNREFED | CLOSED)) === 0;
  }

  /** 0, or a negative errno. */
  readStart(): number {
    if (this.closed) return EBADF;
    this.#is |= READING;
    return this.ask(this.#is | RECV);
  }

  /** What comes once more is still handed on: most who stop go on at once, and that costs nothing this way. */
  readStop(): number {
    this.#is &= ~READING;
    return 0;
  }

  /** Calls back when the connection is there, or with the errno of why it is not. */
  whenConnected(done: Connected): number {
    this.rare.connected = done;
    return this.ask(this.#is | SEND);
  }

  /** Sends in this turn of the event loop; one call at a time. */
  write(chunk: string | Uint8Array, encoding: BufferEncoding): number {
    if (this.closed) return EBADF;
    if (chunk.length >= LEAST_AT_ONCE && typeof chunk !== 'string' && !loop().sender.isLate) {
      this.writeNow(chunk);
      return 0;
    }
    loop().sender.begin(this, this.fd);
    this.#is |= WRITING;
    this.gather(chunk, encoding);
    return 0;
  }

  writev(pieces: readonly Piece[]): number {
    if (this.closed) return EBADF;
    loop().sender.begin(this, this.fd);
    this.#is |= WRITING;
    for (const { chunk, encoding } of pieces) this.gather(chunk, encoding);
    return 0;
  }

  /**
   * Sends bytes of a file without reading them, from here on and as the peer takes them; one call at a time, as with
   * {@link write}. The file has to stay open until it is told that they are sent.
   */
  sendFile(fd: number, offset: number, length: number): number {
    if (this.closed) return EBADF;
    const part = { fd, offset, left: length };
    this.rare.file = part;
    this.sendPart(part);
    return 0;
  }

  /** Ends the sending half. 0, or a negative errno. */
  shutdown(): number {
    return binding().socketShutdown(this.fd, 1);
  }

  /** Sends at once what was written in this turn. Whether the kernel has taken all that was ever written. */
  finish(): boolean {
    const { file, rest } = this.#rarities ?? NO_RARITIES;
    const all = (this.#is & WRITING) === 0 || loop().sender.finish(this);
    this.#is &= ~WRITING;
    return all && rest.length === 0 && file === undefined;
  }

  /** Calls back when everybody else in this turn has had his events. What was written in this turn is sent before. */
  close(done: () => void = none): void {
    if (this.closed) return;
    this.finish();
    this.end();
    this.drop();
    setImmediate(done);
  }

  /** Closes with RST. What was written in this turn is sent before, as Node's own sockets have sent it by then. */
  reset(done: () => void = none): number {
    if (this.closed) return EBADF;
    this.finish();
    this.end();
    this.removeKevent();
    if (this.fd >= 0) binding().socketReset(this.fd);
    this.fd = -1;
    setImmediate(done);
    return 0;
  }

  ready(event: QueueEvent<unknown, unknown>): void {
    if (!event.broken && readyFor(event) === RECV) {
      const length = receivedBytes(event);
      if (length === 0 && this.hasReceived) {
        this.peerEnded();
        loop().endings.add(this);
        return;
      }
      this.markReceived();
      if (length > 0 && this.reading && this.listener?.[taken](event.data1, length) === true) return;
    }
    this.runInAsyncScope(this.tellReady, this, event);
  }

  rest(all: Rest): void {
    if (!this.closed && this.#rarities?.connected === undefined) this.listener?.[rest](all);
  }

  sent(result: number, total: number, rest: readonly Uint8Array[]): void {
    if (this.closed) return;
    this.#is &= ~WRITING;
    if (result === EAGAIN || (result >= 0 && result < total)) {
      this.rare.rest = rest;
      this.ask(this.#is | SEND);
      return;
    }
    if ((this.#is & SEND) !== 0) this.ask(this.#is & ~SEND);
    const errno = Math.min(result, 0);
    if (this.listener?.[sent](errno) === false) loop().completions.add(this, errno);
  }

  tellEnded(): void {
    if (!this.closed) this.runInAsyncScope(this.tellEnd, this);
  }

  completed(errno: number): void {
    if (!this.closed) this.runInAsyncScope(this.tellWritten, this, errno);
  }

  /** undefined if it has none. */
  get sockname(): SocketName | undefined {
    if (this.closed) return undefined;
    const name = binding().socketName(this.fd);
    return typeof name === 'number' ? undefined : name;
  }

  get peername(): SocketName | undefined {
    if (this.closed) return undefined;
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

  // `private`, not `#`: an object of a class with private methods has one property more.

  private gather(chunk: string | Uint8Array, encoding: BufferEncoding): void {
    const { sender } = loop();
    this.bytesWritten += typeof chunk === 'string' ? sender.string(chunk, encoding) : sender.bytes(chunk);
  }

  private writeNow(chunk: Uint8Array): void {
    const { length } = chunk;
    this.bytesWritten += length;
    const result = loop().sender.now(this.fd, chunk);
    if (result === length || (result < 0 && result !== EAGAIN)) {
      this.listener?.[written](Math.min(result, 0));
      return;
    }
    this.rare.rest = [chunk.subarray(Math.max(result, 0))];
    this.ask(this.#is | SEND);
  }

  private sendPart(part: FilePart): void {
    const result = binding().sendfile(this.fd, part.fd, part.offset, Math.min(part.left, MOST_OF_FILE));
    if (result > 0) {
      part.offset += result;
      part.left -= result;
      this.bytesWritten += result;
    }
    if (part.left > 0 && (result > 0 || result === EAGAIN)) {
      this.ask(this.#is | SEND);
      return;
    }
    this.rare.file = undefined;
    this.ask(this.#is & ~SEND);
    // The file has become shorter meanwhile.
    const errno = result === 0 && part.left > 0 ? EIO : Math.min(result, 0);
    loop().completions.add(this, errno);
  }

  private tellWritten(errno: number): void {
    this.listener?.[written](errno);
  }

  /** Whether something was received in this turn of the event loop. */
  private get hasReceived(): boolean {
    return (this.#is & TURN) === ((loop().queue.turn << TURN_SHIFT) & TURN);
  }

  private markReceived(): void {
    this.#is = (this.#is & ~TURN) | ((loop().queue.turn << TURN_SHIFT) & TURN);
  }

  private peerEnded(): void {
    // The engine does not ask for it any more either.
    this.#is &= ~(RECV | READING);
    this.hold();
  }

  private tellEnd(): void {
    this.listener?.[ended]();
  }

  private tellReady(event: QueueEvent<unknown, unknown>): void {
    if (event.broken) {
      this.#is &= ~(ADDED | MASK);
      this.fail(event.data1 | 0);
      return;
    }
    const what = readyFor(event);
    if ((what & SEND) !== 0) this.sendMore();
    if ((what & RECV) === 0 || this.closed) return;
    const length = receivedBytes(event);
    if (length === 0) {
      this.peerEnded();
      this.listener?.[ended]();
      return;
    }
    if (!this.reading) this.ask(this.#is & ~RECV);
    const { receiver } = loop();
    this.bytesRead += length;
    this.listener?.[received](receiver.chunk(event.data1, length));
    if (length > KEVENT_NAIO_MOST_SHARED) this.receiveLater(MOST_MORE);
  }

  /**
   * Where so much comes, there is mostly more: it is received when the ticks and promises of this chunk have run, so that
   * who waits for the next chunk in one of them does not miss it. That is before the event is committed, and so before the
   * engine receives from this connection again. A stream whose buffer is full has stopped reading by now, and mostly reads on
   * in one of these ticks.
   */
  private receiveLater(most: number): void {
    const { fd } = this;
    afterPromises(() => {
      if (this.reading && this.fd === fd) this.runInAsyncScope(this.receiveMore, this, most);
    });
  }

  /** The end is found by the next event. */
  private receiveMore(most: number): void {
    const chunk = loop().receiver.more(this.fd);
    if (typeof chunk === 'number') {
      if (chunk < 0 && chunk !== EAGAIN && chunk !== ENOTSOCK) this.broken(chunk);
      return;
    }
    this.bytesRead += chunk.length;
    this.listener?.[received](chunk);
    if (most > 1) this.receiveLater(most - 1);
  }

  private sendMore(): void {
    const { connected, file, rest } = this.#rarities ?? NO_RARITIES;
    if (connected !== undefined) {
      this.rare.connected = undefined;
      this.ask(this.#is & ~SEND);
      connected(socketError(this.fd));
      return;
    }
    if ((this.#is & WRITING) !== 0) return; // on its way already
    if (file !== undefined) {
      this.sendPart(file);
      return;
    }
    if (rest.length === 0) {
      this.ask(this.#is & ~SEND);
      return;
    }
    // SEND stays on until all is sent: to turn it off and on again would be a system call each.
    this.rare.rest = NOTHING;
    this.#is |= WRITING;
    const { sender } = loop();
    sender.begin(this, this.fd);
    for (const piece of rest) sender.bytes(piece);
  }

  private broken(errno: number): void {
    this.removeKevent();
    this.fail(errno);
  }

  private fail(errno: number): void {
    const connected = this.#rarities?.connected;
    if (connected === undefined) this.listener?.[failed](errno);
    else {
      this.rare.connected = undefined;
      connected(errno);
    }
  }

  /** What is asked of the kernel; bits that are not of the mask do not matter. */
  private ask(wanted: number): number {
    const mask = wanted & MASK;
    const before = this.#is & MASK;
    if (mask === before) return 0;
    this.#is = (this.#is & ~MASK) | mask;
    try {
      if ((this.#is & ADDED) === 0) {
        loop().addStream(this.fd, mask, this);
        this.#is |= ADDED;
      } else {
        this.dispatch.registry.control(this, KEVENT_CTL_MODIFY, mask, 0);
      }
      // A kevent is added as one that keeps the process alive.
      if ((this.#is & UNREFED) !== 0 || mask === 0 || before === 0) this.hold();
      return 0;
    } catch (error) {
      return error instanceof Error && 'errno' in error && typeof error.errno === 'number'
        ? error.errno
        : EBADF;
    }
  }

  /** As libuv does it, a handle that waits for nothing does not keep the process alive. */
  private hold(): void {
    if ((this.#is & ADDED) === 0) return;
    this.dispatch.registry.setRef(this, (this.#is & UNREFED) === 0 && (this.#is & MASK) !== 0);
  }

  private removeKevent(): void {
    if ((this.#is & ADDED) !== 0) this.dispatch.registry.remove(this);
    this.#is &= ~(ADDED | MASK);
  }

  private letGo(): void {
    const { owner } = this.#rarities ?? NO_RARITIES;
    if (this.#rarities !== undefined) this.#rarities.connected = undefined;
    if (owner === undefined && this.fd >= 0) {
      // Both in one call, if it was ever received from.
      if ((this.#is & ADDED) !== 0) loop().closeStream(this.fd, this);
      else binding().closeFd(this.fd);
      this.#is &= ~(ADDED | MASK);
      return;
    }
    this.removeKevent();
    if (this.fd < 0 || owner === undefined) return;
    owner.close();
    this.rare.owner = undefined;
  }

  private end(): void {
    this.#is = (this.#is & ~(READING | WRITING)) | CLOSED;
    this.listener = undefined;
    if (this.#rarities !== undefined) {
      this.#rarities.rest = NOTHING;
      this.#rarities.file = undefined;
    }
    this.emitDestroy();
  }

  private get rare(): Rarities {
    this.#rarities ??= new Rarities();
    return this.#rarities;
  }

  private set(bit: number, on: boolean): void {
    this.#is = on ? this.#is | bit : this.#is & ~bit;
  }
}
