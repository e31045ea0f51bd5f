import { closeSync, constants, createReadStream, fstatSync, openSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { finished, pipeline } from 'node:stream/promises';

import { outOfRange, systemError } from '../abi/errors.js';
import { HttpSocket } from './http_socket.js';

const EISDIR = -21;
const EINVAL = -22;
/** A FIFO must not wait for a writer. */
const READ = constants.O_RDONLY | constants.O_NONBLOCK;
const NO_BODY: readonly number[] = [204, 304];

/** Which bytes of a file are sent. */
export interface SendFileOptions {
  /** The first; 0 if left out. */
  readonly start?: number;
  /** The last, as in a Range header; the file's last if left out. */
  readonly end?: number;
}

/**
 * Ends a response with a file, or a part of one, as its body. Over a connection of this package without encryption, the
 * kernel sends it from its page cache (sendfile), and no byte of it comes into the process. The thread waits while the
 * file is opened, and while bytes that are not in that cache are read. Over any other connection it is read and written as
 * a stream.
 *
 * Status and headers are those of the response; Content-Length is set here. Nothing else may be written to the response.
 *
 * @returns when all is with the kernel
 * @throws ENOENT, EACCES, EISDIR …, ERR_OUT_OF_RANGE, before anything was sent: the response can still be another. Later:
 * what the connection ended with (ECONNRESET, ERR_STREAM_PREMATURE_CLOSE …); EIO if the file has become shorter.
 * @example
 * createServer((request, response) => {
 *   sendFile(response, 'movie.mp4').catch((error) => response.destroy(error));
 * });
 */
export async function sendFile(
  response: ServerResponse,
  path: string | Buffer | URL,
  { start = 0, end }: SendFileOptions = {},
): Promise<void> {
  const fd = openSync(path, READ);
  try {
    const size = sizeOf(fd);
    const last = Math.min(end ?? size - 1, size - 1);
    if (!Number.isSafeInteger(start) || start < 0 || start > size)
      throw outOfRange('start', `>= 0 && <= ${size}`, start);
    if (!Number.isSafeInteger(last) || last < start - 1) throw outOfRange('end', `>= ${start - 1}`, end);
    await send(response, fd, start, last - start + 1);
  } finally {
    closeSync(fd);
  }
}

function sizeOf(fd: number): number {
  const stat = fstatSync(fd);
  if (stat.isDirectory()) throw systemError(EISDIR, 'sendfile');
  if (!stat.isFile()) throw systemError(EINVAL, 'sendfile', 'only regular files can be sent');
  return stat.size;
}

async function send(response: ServerResponse, fd: number, start: number, length: number): Promise<void> {
  if (!response.headersSent) response.setHeader('Content-Length', length);
  const done = finished(response);
  done.catch(() => {}); // who waits for it hears of it; so far nobody does
  const hasBody = length > 0 && response.req.method !== 'HEAD' && !NO_BODY.includes(response.statusCode);
  // A connection that ends tells `done` in every case.
  if (hasBody && (await Promise.race([sentByKernel(response, fd, start, length), done])) === false) {
    const source = createReadStream('', { fd, autoClose: false, start, end: start + length - 1 });
    await Promise.all([pipeline(source, response), done]);
    return;
  }
  response.end();
  await done;
}

/** False, and nothing was done, if it cannot be sent that way. */
async function sentByKernel(
  response: ServerResponse,
  fd: number,
  start: number,
  length: number,
): Promise<boolean> {
  const { socket } = response;
  if (!(socket instanceof HttpSocket) || response.strictContentLength) return false;
  response.flushHeaders();
  if (response.chunkedEncoding) return false;
  return new Promise<boolean>((resolve, reject) => {
    const taken = socket.sendFile(fd, start, length, (error) => (error ? reject(error) : resolve(true)));
    if (!taken) resolve(false);
  });
}
