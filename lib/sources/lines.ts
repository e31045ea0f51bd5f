import { KEVENT_POLL_POLLIN } from '../abi/constants.js';
import { invalidArgValue } from '../abi/errors.js';
import { request } from '../queue/request.js';
import { EventStream } from '../streams/event_stream.js';
import type { Feed, Sink, Source } from '../streams/source.js';
import { checkSize, readChunk } from './bytes.js';
import { type Descriptor, toFd } from './descriptor.js';
import { KeventFeed } from './kevent_feed.js';
import { LineSplitter } from './line_splitter.js';
import { checkOptions, queueOf, type SourceOptions } from './options.js';

/** Options of {@link lines}. */
export interface LinesOptions extends SourceOptions {
  /** One in which a newline is the byte 10: `'utf8'`, if left out, `'latin1'` or `'ascii'`. */
  readonly encoding?: 'utf8' | 'utf-8' | 'latin1' | 'binary' | 'ascii' | undefined;
  /** Bytes of the longest line; 16 MiB if left out. The loop throws ERR_OUT_OF_RANGE at one that is longer. */
  readonly maxLength?: number | undefined;
}

const CHUNK = 65_536;
const LONGEST = 16 * 1024 * 1024;
const ENCODINGS: readonly unknown[] = ['utf8', 'utf-8', 'latin1', 'binary', 'ascii'];

/** Lives as long as its stream, not its feed: lines that were read and not had are for the next loop. */
class LineSource implements Source<string> {
  readonly level = true;
  readonly #fd: number;
  readonly #options: LinesOptions;
  readonly #splitter: LineSplitter;
  #ended = false;
  #failure: { readonly error: unknown } | undefined;

  constructor(fd: number, splitter: LineSplitter, options: LinesOptions) {
    this.#fd = fd;
    this.#splitter = splitter;
    this.#options = options;
  }

  open(sink: Sink<string>): Feed {
    const asked = request.poll(this.#fd, KEVENT_POLL_POLLIN);
    const kevent: KeventFeed = new KeventFeed(queueOf(this.#options), asked, sink, ({ data0: revents }) => {
      if (this.#hasMore) return;
      this.#read(revents);
      this.#tell(sink);
    });
    // Nobody waits yet: this mutes, so that it is asked when somebody does.
    if (this.#hasMore || this.#failure !== undefined) this.#tell(sink);
    return {
      mute: () => kevent.mute(),
      unmute: () => {
        this.#tell(sink);
        // As long as there are lines in hand, the kernel need not be asked.
        if (!this.#hasMore && sink.wanted()) kevent.unmute();
      },
      ref: () => kevent.ref(),
      unref: () => kevent.unref(),
      close: () => kevent.close(),
    };
  }

  get #hasMore(): boolean {
    return this.#splitter.lines.length > 0;
  }

  #read(revents: number): void {
    try {
      const chunk = readChunk(this.#fd, CHUNK, revents);
      if (chunk === 'end') {
        this.#ended = true;
        this.#splitter.end();
      } else if (chunk !== 'nothing') {
        this.#splitter.add(chunk);
      }
    } catch (error) {
      this.#failure = { error };
    }
  }

  #tell(sink: Sink<string>): void {
    const { lines } = this.#splitter;
    while (lines.length > 0) if (!sink.offer(() => lines.shift() ?? '')) return;
    if (this.#failure !== undefined) {
      const { error } = this.#failure;
      this.#failure = undefined;
      sink.fail(error);
    } else if (this.#ended) {
      this.#ended = false;
      sink.end();
    }
  }
}

/**
 * The lines of a pipe, terminal or socket, without `\n` or `\r\n`, until its end. A last line without a newline is a
 * line. As for {@link bytes}, reading waits for the reader; lines that were read together with one that a loop had
 * before it was left are had by the next loop over the same stream.
 *
 * @param fd - a file descriptor, or an object that has one; it stays the caller's to close
 * @param options - `encoding`, `maxLength`, and what every stream takes
 * @throws as {@link bytes}; the loop: ERR_OUT_OF_RANGE (a line is too long)
 * @example
 * for await (const line of lines(0)) console.log(line.toUpperCase());
 * const answer = await lines(process.stdin).once();
 */
export function lines(fd: Descriptor, options: LinesOptions = {}): EventStream<string> {
  checkOptions(options);
  const number = toFd('fd', fd);
  const { encoding = 'utf8', maxLength = LONGEST } = options;
  if (!ENCODINGS.includes(encoding)) {
    throw invalidArgValue('options.encoding', "must be 'utf8', 'latin1' or 'ascii'", encoding);
  }
  const splitter = new LineSplitter(checkSize('options.maxLength', maxLength), encoding);
  return new EventStream<string>(new LineSource(number, splitter, options), options);
}
