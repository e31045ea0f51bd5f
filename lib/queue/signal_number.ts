import { constants } from 'node:os';

import { invalidArgType, invalidArgValue, outOfRange } from '../abi/errors.js';

/** The first real-time signal that programs may use: glibc's, and that of `kill -l`. musl keeps one more for itself. */
const SIGRTMIN = 34;
const SIGRTMAX = 64;

const REAL_TIME = /^SIGRT(MIN|MAX)(?:([+-])(\d{1,2}))?$/;

function realTimeNumber(name: string): number | undefined {
  const [matched, base, sign, digits] = REAL_TIME.exec(name) ?? [];
  if (matched === undefined) return undefined;
  const offset = digits === undefined ? 0 : Number(digits);
  const number = (base === 'MIN' ? SIGRTMIN : SIGRTMAX) + (sign === '-' ? -offset : offset);
  return number >= SIGRTMIN && number <= SIGRTMAX ? number : undefined;
}

/**
 * The number of a signal that is given by name, such as `'SIGINT'` or `'SIGRTMIN+3'`, or by number.
 *
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE, ERR_OUT_OF_RANGE
 */
export function signalNumber(signal: string | number): number {
  if (typeof signal === 'number') {
    if (Number.isInteger(signal) && signal >= 1 && signal <= SIGRTMAX) return signal;
    throw outOfRange('signal', `an integer >= 1 and <= ${SIGRTMAX}`, signal);
  }
  if (typeof signal !== 'string') throw invalidArgType('signal', "a signal's name or number", signal);
  const named: Readonly<Record<string, number | undefined>> = constants.signals;
  const number = Object.hasOwn(named, signal) ? named[signal] : realTimeNumber(signal);
  if (number !== undefined) return number;
  throw invalidArgValue('signal', "must be a name such as 'SIGINT' or 'SIGRTMIN+3'", signal);
}
