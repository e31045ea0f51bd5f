// The account that all threads keep of what has happened and what has arrived.
import { readSync } from 'node:fs';
import { KEVENT_REQ_ET, UKEVENT_WORDS, WORD_RET_DATA0, WORD_USER0, WORD_USER1 } from 'kevent/raw';

/** In user[0] of each kevent; user[1] says which of its kind. ONCE is one event for each occurrence. */
export const LEVEL = 0;
export const EDGE = 1;
export const LEVEL_PIPE = 2;
export const EDGE_PIPE = 3;
export const ONCE = 4;
export const KINDS = 5;

/** Kevents of each kind but ONCE. */
export const PER_KIND = 16;

/** Places in the shared counters. */
export const ARRIVED = 0;
export const ONCE_ARRIVED = 1;
export const TWICE = 2;
export const STOP = 3;
export const CURSOR = 4;
export const READING = 5;

/** @param {number} kind */
export function isEdge(kind) {
  return kind === EDGE || kind === EDGE_PIPE ? KEVENT_REQ_ET : 0;
}

const bytes = new Uint8Array(1 << 16);

/** @param {number} fd */
function readAll(fd) {
  try {
    return readSync(fd, bytes);
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EAGAIN') return 0;
    throw error;
  }
}

/**
 * What one thread has received. Shared: `counters` (Int32Array) and `once` (Int32Array, how often each
 * ONCE has arrived).
 */
export class Account {
  /** @param {{ counters: Int32Array, once: Int32Array, pipes: number[] }} shared */
  constructor({ counters, once, pipes }) {
    this.counters = counters;
    this.once = once;
    this.pipes = pipes;
  }

  /**
   * @param {Uint32Array} words ukevents
   * @param {number} first index of the first
   * @param {number} count
   */
  arrived(words, first, count) {
    let sum = 0;
    let once = 0;
    for (let at = first * UKEVENT_WORDS, end = at + count * UKEVENT_WORDS; at < end; at += UKEVENT_WORDS) {
      const kind = words[at + WORD_USER0];
      const which = words[at + WORD_USER1];
      if (kind === ONCE) {
        if (Atomics.add(this.once, which, 1) !== 0) Atomics.add(this.counters, TWICE, 1);
        once += 1;
        sum += 1;
      } else if (kind === LEVEL || kind === EDGE) {
        sum += words[at + WORD_RET_DATA0];
      } else {
        sum += readAll(this.pipes[(kind - LEVEL_PIPE) * PER_KIND + which]);
      }
    }
    Atomics.add(this.counters, ONCE_ARRIVED, once);
    Atomics.add(this.counters, ARRIVED, sum);
  }
}
