import { binding } from '../abi/binding.js';
import { KEVENT_POLL_POLLIN, KEVENT_REQ_WAKEUP_ALL } from '../abi/constants.js';
import { systemError } from '../abi/errors.js';
import { request } from '../queue/request.js';
import { EventStream } from '../streams/event_stream.js';
import type { Feed, Sink } from '../streams/source.js';
import { type Descriptor, toFd } from './descriptor.js';
import { KeventFeed } from './kevent_feed.js';
import { checkOptions, queueOf, type SourceOptions } from './options.js';
import { readSocketAddress, SOCKADDR_BYTES, type SocketAddress } from './socket_address.js';

/** Options of {@link accepts}. */
export type AcceptsOptions = SourceOptions;

/** A connection that was accepted, and where it comes from. */
export interface Connection extends SocketAddress {
  /** Non-blocking and close-on-exec; yours to close, or to give to `new net.Socket({ fd })`. */
  fd: number;
}

const EAGAIN = -11;
const EMFILE = -24;
const ENFILE = -23;
const ENOBUFS = -105;
const ENOMEM = -12;
/** What can pass by itself. */
const SHORTAGES: readonly number[] = [EMFILE, ENFILE, ENOBUFS, ENOMEM];
/** Errors of the connection that was to be accepted: there may be another one behind it. See accept(2). */
const OF_THE_PEER: readonly number[] = [-103, -71, -100, -92, -112, -64, -113, -95, -101, -1];
/** Milliseconds between two attempts while there is a shortage. */
const PAUSE = 10;
/** Attempts, one second in all, after which a shortage is not going to pass. */
const MOST_ATTEMPTS = 100;
/** Connections that are accepted in one go, for readers that always want more. */
const MOST_AT_ONCE = 256;

class AcceptFeed implements Feed {
  readonly #fd: number;
  readonly #sink: Sink<Connection>;
  readonly #listening: KeventFeed;
  readonly #address = new Uint8Array(SOCKADDR_BYTES);
  /** Runs during a shortage. Not a kevent: the first timer of a queue needs an fd. */
  #pause: NodeJS.Timeout | undefined;
  #attempts = 0;
  #muted = false;
  #closed = false;

  constructor(fd: number, options: AcceptsOptions, sink: Sink<Connection>) {
    this.#fd = fd;
    this.#sink = sink;
    const flags = options.all === true ? KEVENT_REQ_WAKEUP_ALL : 0;
    const asked = request.poll(fd, KEVENT_POLL_POLLIN, { flags });
    this.#listening = new KeventFeed(queueOf(options), asked, sink, () => this.#accept());
  }

  mute(): void {
    this.#muted = true;
    this.#listening.mute();
  }

  unmute(): void {
    this.#muted = false;
    if (this.#pause === undefined) this.#listening.unmute();
  }

  ref(): void {
    this.#listening.ref();
  }

  unref(): void {
    this.#listening.unref();
  }

  close(): void {
    this.#closed = true;
    this.#listening.close();
    clearTimeout(this.#pause);
  }

  #accept(): void {
    for (let count = 0; count < MOST_AT_ONCE && !this.#closed && this.#sink.wanted(); count += 1) {
      const fd = binding().accept(this.#fd, this.#address.fill(0));
      if (fd >= 0) {
        this.#attempts = 0;
        this.#sink.push({ fd, ...readSocketAddress(this.#address) });
      } else if (fd === EAGAIN) {
        return;
      } else if (!OF_THE_PEER.includes(fd)) {
        if (SHORTAGES.includes(fd) && this.#attempts < MOST_ATTEMPTS) this.#waitForRelief();
        else this.#sink.fail(systemError(fd, 'accept4'));
        return;
      }
    }
  }

  /** The connection stays in the backlog, and the listening fd readable: we must not ask again at once. */
  #waitForRelief(): void {
    this.#attempts += 1;
    this.#listening.mute();
    this.#pause = setTimeout(() => {
      this.#pause = undefined;
      if (!this.#muted) this.#listening.unmute();
    }, PAUSE).unref();
  }
}

/**
 * The connections that come to a listening socket. One is accepted only when somebody waits for it; the others are in
 * the kernel's backlog, whose end their senders notice. Give it a non-blocking fd: on a blocking one,
 * a connection that is gone again before it is accepted makes the thread wait for the next.
 *
 * Several threads that read one socket compete, unless `all` is given: then each is woken, and the first one gets it.
 *
 * @param fd - a listening socket, or an object that has one, such as a `net.Server` that nobody else accepts from
 * @param options - what every stream takes
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE; the loop: EBADF, ENOTSOCK, EINVAL (not listening), and EMFILE,
 * ENFILE, ENOBUFS, ENOMEM if that has lasted for a second; the connection is then still in the backlog
 * @example
 * for await (const { fd, address } of accepts(listening)) handle(new net.Socket({ fd }), address);
 * const first = await accepts(listening).once();
 */
export function accepts(fd: Descriptor, options: AcceptsOptions = {}): EventStream<Connection> {
  checkOptions(options);
  const number = toFd('fd', fd);
  return new EventStream<Connection>(
    { level: true, open: (sink) => new AcceptFeed(number, options, sink) },
    options,
  );
}
