import { readSync } from 'node:fs';

import { KEVENT_POLL_POLLHUP, KEVENT_POLL_POLLIN } from '../abi/constants.js';
import { outOfRange } from '../abi/errors.js';
import { request } from '../queue/request.js';
import { EventStream } from '../streams/event_stream.js';
import { type Descriptor, toFd } from './descriptor.js';
import { KeventFeed } from './kevent_feed.js';
import { checkOptions, queueOf, type SourceOptions } from './options.js';

/** Options of {@link bytes}. */
export interface BytesOptions extends SourceOptions {
  /** Most bytes of one value; 65,536 if left out. */
  readonly chunkSize?: number | undefined;
}

const CHUNK = 65_536;
const MOST = 0x7fffffff;
/** What is read goes here first: the size of a value is known only then. One for all streams of this thread. */
let scratch = new Uint8Array(0);

/** What one read(2) gave: bytes of its own; `'nothing'`, if another reader was first; or the end. */
export type Chunk = Uint8Array | 'nothing' | 'end';

/**
 * One read(2), after poll(2) has said that there is something: it does not wait, also where the fd is blocking.
 *
 * @throws what fs.readSync throws
 */
export function readChunk(fd: number, size: number, revents: number): Chunk {
  if (scratch.length < size) scratch = new Uint8Array(size);
  try {
    const length = readSync(fd, scratch, 0, size, null);
    return length === 0 ? 'end' : scratch.slice(0, length);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'EAGAIN') return 'nothing';
    // How the master of a pseudo-terminal learns that nobody has the other side open.
    if (code === 'EIO' && (revents & KEVENT_POLL_POLLHUP) !== 0) return 'end';
    throw error;
  }
}

/** @throws ERR_OUT_OF_RANGE */
export function checkSize(name: string, size: number): number {
  if (Number.isInteger(size) && size >= 1 && size <= MOST) return size;
  throw outOfRange(name, `an integer >= 1 and <= ${MOST}`, size);
}

/**
 * What can be read from a pipe, terminal or socket, as it comes, until its end. Nothing is read ahead: each value is
 * one read(2), made when somebody waits for it, so what a loop that is left has not had is still there.
 * The fd is not made non-blocking, and stays the caller's to close, after the loop.
 *
 * If several processes read from one blocking fd, such as a terminal, one of them may take what another was
 * told of, which then waits, with its whole thread, for more.
 *
 * @param fd - a file descriptor, or an object that has one; it stays the caller's to close
 * @param options - `chunkSize`, and what every stream takes
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE; the loop: EBADF, EPERM (a regular
 * file), ECONNRESET and what else read(2) may say
 * @example
 * for await (const chunk of bytes(0)) process.stdout.write(chunk);
 * const response = new Response(bytes(socket).toReadable({ type: 'bytes' }));
 */
export function bytes(fd: Descriptor, options: BytesOptions = {}): EventStream<Uint8Array> {
  checkOptions(options);
  const number = toFd('fd', fd);
  const size = checkSize('options.chunkSize', options.chunkSize ?? CHUNK);
  const asked = request.poll(number, KEVENT_POLL_POLLIN);
  return new EventStream<Uint8Array>(
    {
      level: true,
      open: (sink) =>
        new KeventFeed(queueOf(options), asked, sink, ({ data0: revents }) => {
          if (!sink.wanted()) return;
          try {
            const chunk = readChunk(number, size, revents);
            if (chunk === 'end') sink.end();
            else if (chunk !== 'nothing') sink.push(chunk);
          } catch (error) {
            sink.fail(error);
          }
        }),
    },
    options,
  );
}
