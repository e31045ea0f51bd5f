import { AsyncResource } from 'node:async_hooks';
import { EventEmitter } from 'node:events';
import { type Parser, RememberedRequest } from './remembered_request.js';
import type { Socket } from './sockets.js';

/** Longer ones are not remembered. */
export const LONGEST_REQUEST = 2048;
/** Requests in a row that are not like the one before: a client that makes such goes on like that. */
const MOST_LESSONS = 8;

/** A socket that Node's http.Server reads: what the parser is called there. */
export interface ParsedSocket extends Socket {
  parser?: Parser | null;
  _paused?: boolean;
  readonly _events: Readonly<Record<string, unknown>>;
}

const LENIENT_OPTION = '--insecure-http-parser';
const ALL_LENIENT =
  process.execArgv.includes(LENIENT_OPTION) || (process.env['NODE_OPTIONS'] ?? '').includes(LENIENT_OPTION);

const emit = EventEmitter.prototype.emit;
/** The last one of each server: its clients are mostly of few kinds. */
const latest = new WeakMap<object, RememberedRequest>();

/** Whether it is what http.Server gives its parser the bytes with. */
function isNodes(listener: unknown): boolean {
  return typeof listener === 'function' && listener.name === 'bound socketOnData';
}

/**
 * Whether the parser of a server takes what RFC 9112 forbids. Where a request ends is then not to be known from its text, and
 * what was told of one could be another's.
 */
function isLenient(server: unknown): boolean {
  const { insecureHTTPParser } = (server ?? {}) as { insecureHTTPParser?: unknown };
  return insecureHTTPParser === undefined ? ALL_LENIENT : insecureHTTPParser !== false;
}

/** Reads the requests of one connection: past Node's parser, where it would say what it has said before. */
export class RequestReader {
  readonly #socket: ParsedSocket;
  /** The parser is between two requests, if this is not undefined. */
  #known: RememberedRequest | undefined;
  #parser: Parser | undefined;
  #listener: unknown;
  #lessons = 0;
  /** The async context of requests. */
  #scope: AsyncResource | undefined;
  /** Whether a request is being handed over. */
  telling = false;

  constructor(socket: ParsedSocket) {
    this.#socket = socket;
  }

  /** Gives bytes to whoever listens. */
  read(chunk: Buffer): void {
    const socket = this.#socket;
    const { parser } = socket;
    this.#known = undefined;
    if (
      parser == null ||
      chunk.length > LONGEST_REQUEST ||
      this.#lessons === MOST_LESSONS ||
      isLenient(socket.server)
    ) {
      socket.emit('data', chunk);
      return;
    }
    this.#lessons += 1;
    const listener = socket._events['data'];
    if (!isNodes(listener)) {
      socket.emit('data', chunk);
      return;
    }
    const learned = RememberedRequest.learn(
      parser,
      chunk.toString('latin1'),
      () => socket.emit('data', chunk),
      () => {
        // The parser's own, which it has from 'connection', is not to be had.
        this.#scope ??= new AsyncResource('HTTPINCOMINGMESSAGE');
      },
    );
    if (learned === undefined || socket.parser !== parser || socket.server == null) return;
    const known = learned.merge(latest.get(socket.server));
    latest.set(socket.server, known);
    this.#known = known;
    this.#parser = parser;
    this.#listener = listener;
  }

  /** Whether bytes that come next may be a request that {@link tell} hands over. */
  get mayTake(): boolean {
    const socket = this.#socket;
    return (
      this.#known !== undefined &&
      socket.parser === this.#parser &&
      socket._paused === false &&
      socket._events['data'] === this.#listener &&
      socket.emit === emit
    );
  }

  /** Whether Node's parser does not have to be asked about it. */
  matches(text: string): boolean {
    return this.#known?.matches(text) === true;
  }

  /** Hands over the request that matched, as Node's parser would. */
  tell(): void {
    const known = this.#known;
    const parser = this.#parser;
    const scope = this.#scope;
    if (known === undefined || parser === undefined || scope === undefined) return;
    this.#lessons = 0;
    this.telling = true;
    try {
      scope.runInAsyncScope(known.tell, known, parser);
    } catch (error) {
      this.forget();
      throw error;
    } finally {
      this.telling = false;
    }
    if (this.#socket._paused) this.#socket.parser?.pause();
  }

  /** The parser is given something else. */
  forget(): void {
    this.#known = undefined;
  }
}
