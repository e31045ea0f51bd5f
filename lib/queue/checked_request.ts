import { invalidArgType, outOfRange } from '../abi/errors.js';
import { type Id, toWords } from '../abi/ukevent.js';
import type { Request } from './request.js';

function isWord(value: unknown): boolean {
  return typeof value === 'number' && value >>> 0 === value;
}

function checkMask(name: string, value: unknown): void {
  if (isWord(value)) return;
  if (typeof value !== 'number') throw invalidArgType(name, 'of type number', value);
  // ~0 is the usual way to write "all bits", and is negative.
  if ((value | 0) === value) return;
  throw outOfRange(name, 'an integer that fits into 32 bits', value);
}

/**
 * Checks what only JavaScript can get wrong; the engine judges the rest.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE
 */
export function checkRequest(request: Request): void {
  if (typeof request !== 'object' || request === null) throw invalidArgType('request', 'an object', request);
  checkMask('request.type', request.type);
  checkMask('request.event', request.event);
  if (request.flags !== undefined) checkMask('request.flags', request.flags);
  const { id } = request;
  // toWords says what is wrong, but is too dear for what is right.
  const fits = Array.isArray(id) ? id.length === 2 && isWord(id[0]) && isWord(id[1]) : isWord(id);
  if (!fits) toWords('request.id', id);
}

/** The first word of an id that was checked. */
export function firstWord(id: Id): number {
  if (typeof id === 'number') return id;
  return typeof id === 'bigint' ? toWords('request.id', id)[0] : id[0];
}

/** The second word of an id that was checked. */
export function secondWord(id: Id): number {
  if (typeof id === 'number') return 0;
  return typeof id === 'bigint' ? toWords('request.id', id)[1] : id[1];
}
