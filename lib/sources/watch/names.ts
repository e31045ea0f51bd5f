import { invalidArgType, invalidArgValue } from '../../abi/errors.js';

/**
 * Names of files are bytes. Inside, they are strings with one character for each byte (latin1): different names stay
 * different, whether they are UTF-8 or not, and a Map finds them. Nothing is normalised.
 */
const OTHERS = /[^\0-\x7f]/;

/** For the system: a path that it takes as it is. */
export function toSystem(bytes: string): string | Buffer {
  return OTHERS.test(bytes) ? Buffer.from(bytes, 'latin1') : bytes;
}

/** For people: decoded as UTF-8; what is not becomes U+FFFD. */
export function toText(bytes: string): string {
  return OTHERS.test(bytes) ? Buffer.from(bytes, 'latin1').toString('utf8') : bytes;
}

export function toBuffer(bytes: string): Buffer {
  return Buffer.from(bytes, 'latin1');
}

/** @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE */
export function toBytes(path: unknown): string {
  let bytes: string;
  if (typeof path === 'string')
    bytes = OTHERS.test(path) ? Buffer.from(path, 'utf8').toString('latin1') : path;
  else if (path instanceof Uint8Array) bytes = Buffer.from(path).toString('latin1');
  else throw invalidArgType('path', 'a string, a Uint8Array or a file URL', path);
  if (bytes === '' || bytes.includes('\0')) {
    throw invalidArgValue('path', 'must not be empty, and have no null bytes', path);
  }
  return bytes;
}
