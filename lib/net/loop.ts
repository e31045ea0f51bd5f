import { binding } from '../abi/binding.js';
import { KEVENT_NAIO } from '../abi/constants.js';
import { systemError } from '../abi/errors.js';
import type { BoundHandler, Dispatch } from '../queue/dispatch.js';
import type { QueueEvent } from '../queue/event.js';
import { Queue } from '../queue/queue.js';
import type { OwnPlace, Place, Registration } from '../queue/registration.js';
import { request } from '../queue/request.js';
import { afterCollections } from './collections.js';
import { Completions } from './completions.js';
import { Endings } from './endings.js';
import { Receiver } from './receiver.js';
import { Sender } from './sender.js';
import { Rest } from './state_litter.js';

/**
 * Slots of the ring: connections that are served in one turn, before what they wrote is sent. With more, what is made for
 * all of them lives until the garbage collector has to copy it, and falls out of the processor's cache: 1,000 connections
 * of HTTP cost a fifth more with 4,096.
 */
const RING_SIZE = 256;
const BLOCK_SIZE = 64 * 1024;
/** 64 MiB at most are received and not yet seen by anybody. */
const BLOCKS = 1024;

/** What the loop calls with the events of one descriptor; each sees to its async context itself. */
export interface Watcher {
  ready(event: QueueEvent<unknown, unknown>): void;
}

/** A connection, which is its kevent's place in the table of the queue. */
export interface Connection extends Watcher, OwnPlace {
  /** Memory is short enough for the garbage to be collected: what can be made again may go. */
  rest?(all: Rest): void;
}

/**
 * What all sockets of a thread share: one queue, one handler, one slab to receive into and one call that sends what
 * was written in a turn of the event loop.
 */
export class Loop {
  readonly queue = new Queue({ ringSize: RING_SIZE });
  readonly receiver: Receiver;
  readonly sender: Sender;
  readonly completions = new Completions();
  readonly endings = new Endings();
  /** Where the events of connections go. */
  readonly connections: Dispatch;
  readonly #listeners: BoundHandler<Watcher, unknown>;
  readonly #flushInTick = (): void => this.sender.flush();
  readonly #flush = (): void => {
    this.sender.beginTurn();
    this.sender.flush();
  };
  readonly #flushInTurn = (): void => {
    this.#hasTurn = false;
    this.#flush();
  };
  /** Whether a turn is asked for. One at a time: handlers may flush before it, and whoever is late then would have one more. */
  #hasTurn = false;
  /** Who is told to rest next; -1 if nobody is. */
  #restFrom = -1;
  /** Of the last time: see {@link Rest.kept}. */
  #kept = false;

  constructor() {
    const { queue } = this;
    const result = binding().naioSlab(queue.fd, BLOCK_SIZE, BLOCKS);
    if (result < 0) throw systemError(result, 'kevent_naio_slab');
    this.receiver = new Receiver(queue.fd);
    const context = false;
    this.#listeners = queue.handler<Watcher>((event) => event.data.ready(event), { context });
    this.connections = queue.handler((event) => (event.registration as unknown as Connection).ready(event), {
      context,
    }) as Dispatch;
    this.sender = new Sender((late) => this.#schedule(late));
    queue.afterHandlers(this.#flush);
    // What was written before process.exit() is sent, as far as the kernel takes it.
    process.on('exit', this.#flush);
  }

  /** A connected socket, received from when `event` asks for it. @throws SystemError */
  addStream(fd: number, event: number, connection: Connection): void {
    this.queue.addPlace({ type: KEVENT_NAIO, id: fd, event }, connection);
  }

  /** Receives no more from a connected socket, and closes it. */
  closeStream(fd: number, stream: Place): void {
    if (!stream.dispatch.registry.closeStream(stream)) binding().closeFd(fd);
  }

  /** A listening socket. @throws SystemError */
  addListener(fd: number, watcher: Watcher): Registration<Watcher> {
    return this.queue.add(request.socket(fd, 'accept', { data: watcher }), this.#listeners);
  }

  /** Tells all who watch: some in each turn, as each takes 1 µs, and 16 before that is compiled. */
  rest(): void {
    if (this.#restFrom >= 0) return;
    this.#restFrom = 0;
    this.#restSome(new Rest(this.#kept));
  }

  #restSome(all: Rest): void {
    const tell = (place: object): void => (place as Partial<Connection>).rest?.(all);
    this.#restFrom = this.queue.closed ? -1 : this.queue.somePlaces(this.#restFrom, tell);
    this.#kept = all.kept;
    if (this.#restFrom >= 0) setImmediate(() => this.#restSome(all));
  }

  /**
   * What handlers write is sent when all of them are done; what others write, after the ticks that are due. But whoever is
   * told that his bytes are sent may write more: if that goes on for long, timers and other sockets come first.
   */
  #schedule(late: boolean): void {
    if (this.queue.inHandlers) return;
    if (!late) {
      process.nextTick(this.#flushInTick);
    } else if (!this.#hasTurn) {
      this.#hasTurn = true;
      setImmediate(this.#flushInTurn);
    }
  }
}

let current: Loop | undefined;

/** This thread's loop. */
export function loop(): Loop {
  if (current === undefined) afterCollections(() => current?.rest());
  if (current === undefined || current.queue.closed) current = new Loop();
  return current;
}
