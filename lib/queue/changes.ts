import { binding } from '../abi/binding.js';
import { KEVENT_RET_BROKEN } from '../abi/constants.js';
import { brokenErrno } from '../abi/errors.js';
import { UKEVENT_SIZE, UKEVENT_WORDS, WORD_RET_DATA1, WORD_RET_FLAGS, WORD_USER0 } from '../abi/layout.js';

/** Entries of the largest single kevent_ctl call; longer lists are cut into several. */
export const MOST_CHANGES = 4096;
/** Entries that there is memory for as long as nobody has changed more at once. */
const FEW_CHANGES = 16;

/**
 * This thread's memory for the entries of kevent_ctl. One for all queues: it is used only between
 * two statements, never across a call that can run other code.
 */
let words = allocate(FEW_CHANGES);

function allocate(entries: number): Uint32Array {
  return new Uint32Array(new SharedArrayBuffer(entries * UKEVENT_SIZE));
}

/** Memory for `entries` entries, at most {@link MOST_CHANGES}. */
export function changes(entries: number): Uint32Array {
  if (entries * UKEVENT_WORDS > words.length) words = allocate(MOST_CHANGES);
  return words;
}

/** kevent_ctl on the first `num` entries: how many were carried out, or a negative errno. */
export function applyChanges(fd: number, cmd: number, num: number): number {
  return binding().ctl(fd, cmd, num, words);
}

/** The negative errno with which an entry failed; 0 if it was carried out. */
export function changeError(index: number): number {
  const base = index * UKEVENT_WORDS;
  if (((words[base + WORD_RET_FLAGS] ?? 0) & KEVENT_RET_BROKEN) === 0) return 0;
  return brokenErrno(words[base + WORD_RET_DATA1] ?? 0);
}

/** The `user[0]` of an entry. */
export function changeUser0(index: number): number {
  return words[index * UKEVENT_WORDS + WORD_USER0] ?? 0;
}
