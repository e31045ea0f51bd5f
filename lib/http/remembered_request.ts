/** Node's parser of HTTP/1. What it finds, it tells to functions that it has as properties, with these numbers. */
export interface Parser {
  readonly constructor: { readonly kOnHeadersComplete?: number; readonly kOnMessageComplete?: number };
  /** The request that is being read, or was read last. */
  readonly incoming: { readonly complete: boolean } | null;
  [callback: number]: unknown;
  pause(): void;
}

type Callback = (this: Parser, ...args: unknown[]) => unknown;

/** What it tells of a head, in this order. The two that are missing here are a response's. */
const MAJOR = 0;
const MINOR = 1;
const HEADERS = 2;
const METHOD = 3;
const URL = 4;
const UPGRADE = 7;
const KEEP_ALIVE = 8;

const END = '\r\n\r\n';
const NEWLINE = /\r\n/g;
/** A path and query that nothing is special about. */
const PLAIN = /^\/[\w\-./?=&%+,;:@!~*'()]*$/;

function callbackOf(parser: Parser, number: number | undefined): Callback | undefined {
  const callback = number === undefined ? undefined : parser[number];
  return typeof callback === 'function' ? (callback as Callback) : undefined;
}

/**
 * A request without a body, and what Node's own parser has told of it. The requests of a connection mostly differ in
 * nothing but their URL: the parser would tell the same of the next one, and does not have to be asked.
 */
export class RememberedRequest {
  /** Up to the URL. */
  readonly #start: string;
  /** From the URL on. */
  readonly #rest: string;
  readonly #major: unknown;
  readonly #minor: unknown;
  readonly #headers: readonly unknown[];
  readonly #method: unknown;
  readonly #headersComplete: number;
  readonly #messageComplete: number;
  /** The last one, and its URL. */
  #text: string;
  #url: string;
  /** Of those that the parser has read: it has its limits. */
  #longest: number;

  private constructor(text: string, start: string, url: string, told: readonly unknown[], parser: Parser) {
    const { kOnHeadersComplete, kOnMessageComplete } = parser.constructor;
    this.#headersComplete = kOnHeadersComplete ?? -1;
    this.#messageComplete = kOnMessageComplete ?? -1;
    this.#text = text;
    this.#start = start;
    this.#url = url;
    this.#rest = text.slice(start.length + url.length);
    this.#longest = text.length;
    this.#major = told[MAJOR];
    this.#minor = told[MINOR];
    this.#headers = told[HEADERS] as readonly unknown[];
    this.#method = told[METHOD];
  }

  /**
   * Has `text` parsed by `feed`, and remembers it if it was one whole request without a body and nothing else: after
   * that, the parser is between two requests. `begins` is called before a request is told, in the parser's async context.
   */
  static learn(
    parser: Parser,
    text: string,
    feed: () => void,
    begins: () => void,
  ): RememberedRequest | undefined {
    const number = parser.constructor.kOnHeadersComplete;
    const original = callbackOf(parser, number);
    const isHead = text.indexOf(END) === text.length - END.length;
    if (number === undefined || original === undefined || !isHead || parser.incoming?.complete === false) {
      feed();
      return undefined;
    }
    let told: unknown[] | undefined;
    let request: Parser['incoming'] | undefined;
    parser[number] = function headersComplete(this: Parser, ...args: unknown[]): unknown {
      parser[number] = original;
      begins();
      const headers = args[HEADERS];
      // They are the request's, to be changed.
      if (Array.isArray(headers)) {
        told = [...args];
        told[HEADERS] = [...headers];
      }
      const result = Reflect.apply(original, this, args);
      request = this.incoming;
      return result;
    };
    try {
      feed();
    } finally {
      parser[number] = original;
    }
    return told !== undefined && request?.complete === true
      ? RememberedRequest.#of(text, told, parser)
      : undefined;
  }

  static #of(text: string, told: readonly unknown[], parser: Parser): RememberedRequest | undefined {
    const url = told[URL];
    if (typeof url !== 'string' || told[UPGRADE] !== false || told[KEEP_ALIVE] !== true) return undefined;
    const start = text.slice(0, text.indexOf(' ') + 1);
    const line = `${start}${url} HTTP/${told[MAJOR]}.${told[MINOR]}\r\n`;
    // Where there is more in one than in the other, the parser had begun before.
    const lines = text.match(NEWLINE)?.length ?? 0;
    const headers = (told[HEADERS] as readonly unknown[]).length / 2;
    if (!text.startsWith(line) || lines !== headers + 2) return undefined;
    return new RememberedRequest(text, start, url, told, parser);
  }

  /** Which of the two is kept, for all connections to one server. */
  merge(other: RememberedRequest | undefined): RememberedRequest {
    if (other === undefined || other.#start !== this.#start || other.#rest !== this.#rest) return this;
    other.#longest = Math.max(other.#longest, this.#longest);
    return other;
  }

  /** Whether the parser would tell the same of it, but for the URL. */
  matches(text: string): boolean {
    if (text === this.#text) return true;
    const start = this.#start;
    const rest = this.#rest;
    if (text.length > this.#longest || !text.startsWith(start) || !text.endsWith(rest)) return false;
    const url = text.slice(start.length, text.length - rest.length);
    if (!PLAIN.test(url)) return false;
    this.#text = text;
    this.#url = url;
    return true;
  }

  /** Tells the functions of `parser` what it would tell them itself of the text that matched. */
  tell(parser: Parser): void {
    const headers = this.#headers.slice();
    callbackOf(parser, this.#headersComplete)?.call(
      parser,
      this.#major,
      this.#minor,
      headers,
      this.#method,
      this.#url,
      undefined,
      undefined,
      false,
      true,
    );
    callbackOf(parser, this.#messageComplete)?.call(parser);
  }
}
