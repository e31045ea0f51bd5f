/**
 * Where things lie, in bytes, in the structs that are shared with native code. Byte for byte the
 * seed's; a test compares each with what the compiler made of `native/engine/kevent.h`.
 * Everything is in the machine's own byte order.
 */

/** Bytes of one `struct ukevent`. */
export const UKEVENT_SIZE = 40;
/** `id`: two u32, or one u64. */
export const UKEVENT_ID = 0;
/** `type`: u32, a type such as KEVENT_SOCKET. */
export const UKEVENT_TYPE = 8;
/** `event`: u32, the mask that is asked for. */
export const UKEVENT_EVENT = 12;
/** `req_flags`: u32, KEVENT_REQ_* bits. */
export const UKEVENT_REQ_FLAGS = 16;
/** `ret_flags`: u32, KEVENT_RET_* bits. */
export const UKEVENT_RET_FLAGS = 20;
/** `ret_data`: two u32. */
export const UKEVENT_RET_DATA = 24;
/** `user`: two u32, or a pointer. */
export const UKEVENT_USER = 32;

/** Bytes of `struct kevent_ring` before its first slot. */
export const RING_HEADER = 8;
/** `ring_kidx`: the index at which the next event will be put. */
export const RING_KIDX = 0;
/** `ring_over`: how often the committed tail has wrapped. */
export const RING_OVER = 4;

/** Bytes of `struct kevent_inode_record` before its name. */
export const INODE_RECORD_HEADER = 20;
/** `mask`: u32, KEVENT_INODE_* bits. */
export const INODE_RECORD_MASK = 0;
/** `cookie`: u32, the same in both halves of a rename. */
export const INODE_RECORD_COOKIE = 4;
/** `length`: u32, bytes of the name. */
export const INODE_RECORD_LENGTH = 8;
/** `next`: u32, bytes from this record to the next one. */
export const INODE_RECORD_NEXT = 12;
/** `wd`: i32, the watch, of a group of watches. */
export const INODE_RECORD_WD = 16;

/** Bytes of one `struct kevent_signal_record`. */
export const SIGNAL_RECORD_SIZE = 32;
/** `signo`: i32. */
export const SIGNAL_RECORD_SIGNO = 0;
/** `code`: i32, si_code. */
export const SIGNAL_RECORD_CODE = 4;
/** `pid`: u32, of the sender. */
export const SIGNAL_RECORD_PID = 8;
/** `uid`: u32, of the sender. */
export const SIGNAL_RECORD_UID = 12;
/** `value`: u64, what sigqueue(3) sent along. */
export const SIGNAL_RECORD_VALUE = 16;
/** `status`: i32, of a child that ended. */
export const SIGNAL_RECORD_STATUS = 24;

/**
 * Words of one `struct ukevent`. The same places again, counted in 32-bit words, for readers that walk a
 * `Uint32Array`: a slot's first word is `RING_HEADER_WORDS + index * UKEVENT_WORDS`, and `WORD_*` is added to that.
 */
export const UKEVENT_WORDS = 10;
/** Words before the first slot of a ring. */
export const RING_HEADER_WORDS = 2;
/** First word of `id`. */
export const WORD_ID0 = 0;
/** Second word of `id`. */
export const WORD_ID1 = 1;
/** `type`. */
export const WORD_TYPE = 2;
/** `event`. */
export const WORD_EVENT = 3;
/** `req_flags`. */
export const WORD_REQ_FLAGS = 4;
/** `ret_flags`. */
export const WORD_RET_FLAGS = 5;
/** First word of `ret_data`. */
export const WORD_RET_DATA0 = 6;
/** Second word of `ret_data`. */
export const WORD_RET_DATA1 = 7;
/** First word of `user`. */
export const WORD_USER0 = 8;
/** Second word of `user`. */
export const WORD_USER1 = 9;
