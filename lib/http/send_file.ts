import { createReadStream } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { finished, pipeline } from 'node:stream/promises';

import { outOfRange, systemError } from '../abi/errors.js';
import { HttpSocket } from './http_socket.js';

const EISDIR = -21;
const EINVAL = -22;
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
 * kernel sends it from its page cache (sendfile), and no byte of it comes into the process; bytes that are not in that
 * cache are read while the thread waits. Over any other connection it is read and written as a stream.
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
  const file = await open(path);
  try {
    const { size } = await regular(file);
    const last = Math.min(end ?? size - 1, size - 1);
    if (!Number.isSafeInteger(start) || start < 0 || start > size)
      throw outOfRange('start', `>= 0 && <= ${size}`, start);
    if (!Number.isSafeInteger(last) || last < start - 1) throw outOfRange('end', `>= ${start - 1}`, end);
    await send(response, file, start, last - start + 1);
  } finally {
    await file.close();
  }
}

async function regular(file: FileHandle): Promise<{ size: number }> {
  const stat = await file.stat();
  if (stat.isDirectory()) throw systemError(EISDIR, 'sendfile');
  if (!stat.isFile()) throw systemError(EINVAL, 'sendfile', 'only regular files can be sent');
  return stat;
}

async function send(
  response: ServerResponse,
  file: FileHandle,
  start: number,
  length: number,
): Promise<void> {
  if (!response.headersSent) response.setHeader('Content-Length', length);
  const done = finished(response);
  done.catch(() => {}); // who waits for it hears of it; so far nobody does
  const hasBody = length > 0 && response.req.method !== 'HEAD' && !NO_BODY.includes(response.statusCode);
  // A connection that ends tells `done` in every case.
  if (hasBody && (await Promise.race([sentByKernel(response, file.fd, start, length), done])) === false) {
    const source = createReadStream('', { fd: file.fd, autoClose: false, start, end: start + length - 1 });
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
