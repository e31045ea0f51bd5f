import { binding, type SocketName } from '../abi/binding.js';
import { KEVENT_CTL_MODIFY, KEVENT_SOCKET_RECV, KEVENT_SOCKET_SEND } from '../abi/constants.js';
import type { Dispatch } from '../queue/dispatch.js';
import type { QueueEvent } from '../queue/event.js';
import { netError } from './errors.js';
import { type Connection, loop } from './loop.js';
import { readyFor, receivedBytes } from './naio_event.js';
import type { Sending } from './sender.js';
import type { SlabHandlers, SlabService } from './slab_handlers.js';
import { setKeepAlive, setNoDelay } from './tcp_options.js';
import { Unsent } from './unsent.js';

const RECV = KEVENT_SOCKET_RECV;
const SEND = KEVENT_SOCKET_SEND;
const EAGAIN = -11;
const EBADF = -9;
const ENOBUFS = -105;
const SHUT_WR = 1;

/**
 * A connection of a slab server: not a stream. Its methods may be called at any time; once it is closed they do
 * nothing. It owns its descriptor.
 *
 * @typeParam Data - of {@link data}
 */
export abstract class SlabConnection<Data = unknown> implements Connection, Sending {
  /** Whatever one likes to keep with the connection. It takes no memory before it is set. */
  declare data: Data;
  /** Its complement while something of ours is in the sender: there is no field for that, as memory counts. */
  #fd: number;
  /** What is needed beyond that it is open, which is mostly nothing. */
  #state: 'new' | 'open' | 'closed' | Unsent = 'new';
  /** @internal */
  slot = -1;

  /** @internal */
  constructor(fd: number) {
    this.#fd = fd;
  }

  /** On the prototype: it is the same for all connections of a server. @internal */
  abstract get service(): SlabService<Data>;

  /** @internal */
  get dispatch(): Dispatch {
    return this.service.dispatch;
  }

  /** Begins to receive. @internal */
  open(): void {
    try {
      loop().addStream(this.#fd, RECV, this);
      this.#state = 'open';
    } catch {
      // It is broken already, or there is no memory: nobody has heard of it.
      this.close();
      this.service.ended();
      return;
    }
    this.handlers.open?.(this);
  }

  /** The descriptor, which is the connection's to close. */
  get fd(): number {
    return this.#fd < 0 ? ~this.#fd : this.#fd;
  }

  /** Whether it is gone, or not open yet. */
  get closed(): boolean {
    return this.#state === 'new' || this.#state === 'closed';
  }

  /** Bytes that the kernel did not take so far; without those that were written in this turn. */
  get unsentBytes(): number {
    return this.#state instanceof Unsent ? this.#state.bytes : 0;
  }

  /** undefined if it has none any more. */
  get peer(): SocketName | undefined {
    const name = this.closed ? EBADF : binding().socketPeer(this.fd);
    return typeof name === 'number' ? undefined : name;
  }

  /**
   * Sends at the end of this turn of the event loop: all that was written in one call. Strings, and up to 4096 bytes, are
   * copied now. More is sent from where it is, and what the kernel does not take is copied then: it must not be changed
   * before the next turn. A view of the slab can be written from within `data` only.
   *
   * @returns false if `highWaterMark` bytes wait, and then `drain` is called when all are sent; or if the connection is
   * closed or ended. When more than `maxUnsent` bytes wait it is closed with ENOBUFS.
   */
  write(data: string | Uint8Array, encoding: BufferEncoding = 'utf8'): boolean {
    const state = this.#state;
    if (state === 'new' || state === 'closed') return false;
    const { sender, receiver } = loop();
    const isAt = sender.isAt(this);
    let waiting: number;
    if (state instanceof Unsent && state.ending) return false;
    if ((!isAt && this.#fd < 0) || (state instanceof Unsent && (state.taken || state.bytes > 0))) {
      // Behind what waits already.
      waiting = this.queue(typeof data === 'string' ? Buffer.from(data, encoding) : copy(data));
      if (this.closed) return false;
    } else {
      if (!isAt) {
        sender.begin(this, this.#fd);
        this.#fd = ~this.#fd;
      }
      if (typeof data === 'string') sender.string(data, encoding);
      else if (sender.copies(data.length) || !receiver.send(data, sender)) sender.bytes(data);
      waiting = sender.bytesAtLast;
    }
    if (waiting < this.service.highWaterMark) return true;
    this.unsent().full = true;
    return false;
  }

  /**
   * Ends our half when all is sent. When the peer has ended its half as well, the connection is closed.
   *
   * @example
   * connection.end('HTTP/1.1 400 Bad Request\r\n\r\n');
   */
  end(data?: string | Uint8Array): void {
    if (this.closed) return;
    if (data !== undefined) this.write(data);
    if (this.closed) return;
    const more = this.unsent();
    more.ending = true;
    this.finish(more);
  }

  /** Closes at once. What was written in this turn is sent as far as the kernel takes it; what waits is dropped. */
  close(): void {
    if (this.#state === 'new') {
      this.#state = 'closed';
      this.service.close(this);
    }
    if (this.closed) return;
    if (this.#fd < 0) loop().sender.finish(this);
    this.leave();
    this.handlers.close?.(this);
  }

  /** Closes with RST: what the kernel has not sent is dropped too. */
  reset(): void {
    if (this.closed) return;
    if (this.#fd < 0) loop().sender.forget(this);
    this.dispatch.registry.remove(this);
    this.#state = 'closed';
    binding().socketReset(this.fd);
    this.service.ended();
    this.handlers.close?.(this);
  }

  /**
   * Receives no more: what comes stays in the kernel, and slows the peer down.
   *
   * @example
   * if (!other.write(view)) connection.pause(); // and resume() in `drain` of the other
   */
  pause(): void {
    if (this.closed) return;
    const more = this.unsent();
    if (more.paused || more.ended) return;
    more.paused = true;
    this.ask(more, more.mask & ~RECV);
  }

  /** Receives again, after {@link pause}. */
  resume(): void {
    const state = this.#state;
    if (!(state instanceof Unsent && state.paused)) return;
    state.paused = false;
    this.ask(state, state.mask | RECV);
    this.settle(state);
  }

  /** It keeps the process alive, as it does from the start. */
  ref(): this {
    this.dispatch.registry.setRef(this, true);
    return this;
  }

  /** It alone does not keep the process alive. */
  unref(): this {
    this.dispatch.registry.setRef(this, false);
    return this;
  }

  /** Whether small messages are sent at once, without waiting for more to send with them. */
  setNoDelay(enable = true): void {
    if (!this.closed) setNoDelay(this.fd, enable);
  }

  /** `delay`: seconds of silence before the first probe; 0 leaves it as it is. */
  setKeepAlive(enable = true, delay = 0): void {
    if (!this.closed) setKeepAlive(this.fd, enable, delay);
  }

  /** @internal */
  ready(event: QueueEvent<unknown, unknown>): void {
    if (event.broken) {
      this.fail(event.data1 | 0, 'read');
      return;
    }
    const what = readyFor(event);
    if ((what & SEND) !== 0 && this.#state instanceof Unsent && !this.#state.taken)
      this.sendMore(this.#state);
    if ((what & RECV) === 0 || this.closed) return;
    const length = receivedBytes(event);
    if (length === 0) this.peerEnded();
    else this.handlers.data?.(this, loop().receiver.view(event.data1, length));
  }

  /** @internal */
  sent(result: number, total: number, rest: readonly Uint8Array[]): void {
    this.#fd = ~this.#fd;
    if (result < 0 && result !== EAGAIN) {
      this.fail(result, 'write');
    } else if (result < total) {
      const more = this.unsent();
      more.putBack(more.taken ? rest : rest.map(copy));
      more.taken = false;
      if (more.bytes > this.service.maxUnsent) this.fail(ENOBUFS, 'write');
      else this.ask(more, more.mask | SEND);
    } else if (this.#state instanceof Unsent) {
      this.#state.taken = false;
      this.sendMore(this.#state);
    }
  }

  // `private`, not `#`: an object of a class with private methods has one property more.

  private get handlers(): SlabHandlers<Data> {
    return this.service.handlers;
  }

  private unsent(): Unsent {
    const state = this.#state;
    if (state instanceof Unsent) return state;
    if (state !== 'open') throw netError(EBADF, 'write');
    const more = new Unsent(RECV);
    this.#state = more;
    return more;
  }

  /** How many bytes wait. */
  private queue(copied: Uint8Array): number {
    const more = this.unsent();
    more.push(copied);
    if (more.bytes > this.service.maxUnsent) this.fail(ENOBUFS, 'write');
    return more.bytes;
  }

  /** Something was sent, or can be. */
  private sendMore(more: Unsent): void {
    if (more.bytes > 0) {
      const { sender } = loop();
      sender.begin(this, this.#fd);
      this.#fd = ~this.#fd;
      more.taken = true;
      for (const piece of more.take()) sender.bytes(piece);
      return;
    }
    this.ask(more, more.mask & ~SEND);
    if (more.full) {
      more.full = false;
      this.handlers.drain?.(this);
    }
    this.finish(more);
    this.settle(more);
  }

  /** Ends our half if it is time to. */
  private finish(more: Unsent): void {
    if (!more.ending || more.finished || this.#fd < 0 || more.bytes > 0 || this.closed) return;
    more.finished = true;
    // Closing ends our half too.
    if (more.ended) this.close();
    else binding().socketShutdown(this.fd, SHUT_WR);
  }

  private peerEnded(): void {
    const { end } = this.handlers;
    if (end === undefined && this.#fd >= 0 && !(this.#state instanceof Unsent)) {
      this.close();
      return;
    }
    const more = this.unsent();
    more.ended = true;
    // The engine does not ask for it any more either.
    more.mask &= ~RECV;
    if (end === undefined) this.end();
    else Reflect.apply(end, this.handlers, [this]);
    if (more.finished) this.close();
  }

  /** Back to where most connections are. */
  private settle(more: Unsent): void {
    if (this.#state === more && this.#fd >= 0 && more.isPlain(RECV)) this.#state = 'open';
  }

  private ask(more: Unsent, mask: number): void {
    if (mask === more.mask) return;
    more.mask = mask;
    try {
      this.dispatch.registry.control(this, KEVENT_CTL_MODIFY, mask, 0);
    } catch (error) {
      this.fail((error as NodeJS.ErrnoException).errno ?? EBADF, 'kevent_ctl');
    }
  }

  private fail(errno: number, syscall: string): void {
    if (this.closed) return;
    if (this.#fd < 0) loop().sender.forget(this);
    this.leave();
    const { handlers } = this;
    handlers.error?.(this, netError(errno, syscall));
    handlers.close?.(this);
  }

  private leave(): void {
    this.#state = 'closed';
    this.service.close(this);
    this.service.ended();
  }
}

function copy(bytes: Uint8Array): Uint8Array {
  return Uint8Array.prototype.slice.call(bytes);
}
