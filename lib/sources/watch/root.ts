import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

import { toBytes, toSystem } from './names.js';

/** Where a watch begins. */
export interface Root {
  /** As it was given, without slashes at its end. */
  readonly given: string;
  /** Absolute, without a slash at its end: / is empty. */
  readonly absolute: string;
}

const UPWARDS = /(^|\/)\.\.(\/|$)/;
const IDLE_PARTS = /\/(\.(?=\/|$)|(?=\/|$))/g;
const SLASHES = /\/+$/;

/** @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE */
export function checkPath(path: unknown): string {
  return toBytes(path instanceof URL ? fileURLToPath(path) : path);
}

/**
 * The absolute path is made when the stream starts, so that a later chdir does not matter.
 *
 * @param path - as {@link checkPath} returned it
 * @throws ENOENT, ENOTDIR, EACCES, ELOOP
 */
export function rootOf(path: string): Root {
  const absolute = path.startsWith('/') ? path : `${toBytes(process.cwd())}/${path}`;
  // What .. means depends on the links before it, and the root needs a name of its own.
  const straight = UPWARDS.test(absolute) ? realpathSync(toSystem(absolute), 'latin1') : absolute;
  return { given: path.replace(SLASHES, '') || '/', absolute: straight.replace(IDLE_PARTS, '') };
}
