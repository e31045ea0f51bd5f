import { writeSync } from 'node:fs';

/** Where to wait for a reader that is slow. */
const clock = new Int32Array(new SharedArrayBuffer(4));
const PAUSE = 2;

/**
 * Writes all of a text to an fd before it returns: also where write(2) takes only a part, or, on a non-blocking fd, nothing
 * for a while. What is shown waits for who reads it, and so do its sources.
 *
 * @returns false if nobody can read it any more
 */
export function writeAll(fd: number, text: string): boolean {
  const bytes = Buffer.from(text);
  let done = 0;
  while (done < bytes.length) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'EPIPE') return false;
      if (code !== 'EAGAIN') throw error;
      Atomics.wait(clock, 0, 0, PAUSE);
    }
  }
  return true;
}
