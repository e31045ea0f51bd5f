import { binding } from '../abi/binding.js';
import { invalidArgType, outOfRange } from '../abi/errors.js';
import { invalidFdType, netError } from './errors.js';

/** A descriptor that can be a Socket's, and is its from now on. @throws ERR_*, SystemError */
export function adoptFd(fd: unknown): number {
  if (typeof fd !== 'number') throw invalidArgType('fd', 'of type number', fd);
  if (!Number.isInteger(fd) || fd < 0 || fd > 0x7fffffff) throw outOfRange('fd', '>= 0 && <= 2147483647', fd);
  const kind = binding().fdKind(fd);
  if (typeof kind === 'number') throw netError(kind, 'open');
  const isStream = kind.kind === 'pipe' || kind.kind === 'tty' || kind.stream;
  if (!isStream) throw invalidFdType(kind.kind === 'file' ? 'FILE' : kind.kind.toUpperCase());
  const result = binding().setNonblocking(fd);
  if (result < 0) throw netError(result, 'open');
  binding().adoptFd(fd);
  return fd;
}
