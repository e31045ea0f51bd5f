/**
 * Where things lie, in bytes, in the structs that are shared with native code. Byte for byte the
 * seed's; a test compares each with what the compiler made of `native/engine/kevent.h`.
 * Everything is in the machine's own byte order.
 */

/** Bytes of one `struct ukevent`. */
export const UKEVENT_SIZE = 40;
/** `id`: two u32, or one u64. */
export const UKEVENT_ID = 0;
export const UKEVENT_TYPE = 8;
export const UKEVENT_EVENT = 12;
export const UKEVENT_REQ_FLAGS = 16;
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
export const INODE_RECORD_HEADER = 16;
export const INODE_RECORD_MASK = 0;
export const INODE_RECORD_COOKIE = 4;
export const INODE_RECORD_LENGTH = 8;
export const INODE_RECORD_NEXT = 12;

/** Bytes of one `struct kevent_signal_record`. */
export const SIGNAL_RECORD_SIZE = 32;
export const SIGNAL_RECORD_SIGNO = 0;
export const SIGNAL_RECORD_CODE = 4;
export const SIGNAL_RECORD_PID = 8;
export const SIGNAL_RECORD_UID = 12;
export const SIGNAL_RECORD_VALUE = 16;
export const SIGNAL_RECORD_STATUS = 24;

/**
 * The same places counted in 32-bit words, for readers that walk a `Uint32Array`: a slot's first
 * word is `RING_HEADER_WORDS + index * UKEVENT_WORDS`, and `WORD_*` is added to that.
 */
export const UKEVENT_WORDS = 10;
export const RING_HEADER_WORDS = 2;
export const WORD_ID0 = 0;
export const WORD_ID1 = 1;
export const WORD_TYPE = 2;
export const WORD_EVENT = 3;
export const WORD_REQ_FLAGS = 4;
export const WORD_RET_FLAGS = 5;
export const WORD_RET_DATA0 = 6;
export const WORD_RET_DATA1 = 7;
export const WORD_USER0 = 8;
export const WORD_USER1 = 9;
