import { opendirSync } from 'node:fs';

import { binding } from '../../abi/binding.js';
import { toSystem } from './names.js';

/** The character before the name of a directory: d. */
export const DIRECTORY = 0x64;

let memory = Buffer.allocUnsafeSlow(64 * 1024);

/**
 * Reads a directory in one call; node:fs makes several, and an object for each entry.
 *
 * @param path - a link is followed only if it ends in a slash
 * @returns the entries as one string: for each, {@link DIRECTORY} or another character, its name, and a NUL; or a negative errno
 */
export function readDirectory(path: string): string | number {
  for (;;) {
    const length = binding().directoryRead(toSystem(path), memory);
    if (length < 0) return length;
    if (length <= memory.length) return memory.toString('latin1', 0, length);
    // It may have grown again when it is read the next time.
    memory = Buffer.allocUnsafeSlow(2 * length);
  }
}

/**
 * Returns when no change of a directory's names is under way: when it is seen, its records are queued. The kernel has
 * the directory locked until it has queued them, both halves of a rename too, and who reads an entry waits for that.
 */
export function awaitChanges(path: string): void {
  try {
    const directory = opendirSync(toSystem(path), { bufferSize: 1 });
    try {
      directory.readSync();
    } finally {
      directory.closeSync();
    }
  } catch {
    // It is not there any more, or not to be read.
  }
}
