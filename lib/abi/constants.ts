/**
 * The seed's constants under the seed's names and with its values, and those that this package adds
 * in the same manner. A test compares every one of them with what the compiled binding reports.
 */

/** `ukevent.type`: readiness of a socket; id is its fd. */
export const KEVENT_SOCKET = 0;
/** `ukevent.type`: changes of a file or directory; id is what `kevent_inode_watch` returned. */
export const KEVENT_INODE = 1;
/** `ukevent.type`: a periodic or one-shot monotonic timer; id is [seconds, nanoseconds]. */
export const KEVENT_TIMER = 2;
/** `ukevent.type`: poll(2) events of any pollable fd; id is the fd. */
export const KEVENT_POLL = 3;
/** `ukevent.type`: a stream that is received into the queue's slab when its event is delivered; id is its fd. */
export const KEVENT_NAIO = 4;
/** `ukevent.type`: file AIO; not built: ENOSYS. */
export const KEVENT_AIO = 5;
/** `ukevent.type`: readiness of a pipe or FIFO; id is its fd. */
export const KEVENT_PIPE = 6;
/** `ukevent.type`: a signal; id is its number, perhaps with {@link KEVENT_SIGNAL_NOMASK}. */
export const KEVENT_SIGNAL = 7;
/** `ukevent.type`: a timer with a choice of clock; id is what `posixTimerCreate` returned. */
export const KEVENT_POSIX_TIMER = 8;
/** `ukevent.type`: a user event; any id; ready by `KEVENT_CTL_READY`. */
export const KEVENT_UNOTIFY = 9;
/** One more than the last type. */
export const KEVENT_MAX = 10;

/** `ukevent.req_flags`: gone when delivered. */
export const KEVENT_REQ_ONESHOT = 0x01;
/** `ukevent.req_flags`: every waiting thread gets the event, not just one. */
export const KEVENT_REQ_WAKEUP_ALL = 0x02;
/** `ukevent.req_flags`: edge triggered: one event for each new readiness. */
export const KEVENT_REQ_ET = 0x04;
/** `ukevent.req_flags`: look again when dequeued, drop the event if it is no longer true. */
export const KEVENT_REQ_LAST_CHECK = 0x08;
/** `ukevent.req_flags`: register and queue even if ready at ADD. */
export const KEVENT_REQ_ALWAYS_QUEUE = 0x10;
/** `ukevent.req_flags`: ready at once (user events). */
export const KEVENT_REQ_READY = 0x20;
/** `ukevent.req_flags`: its origin is not asked and nothing is delivered until MODIFY clears it; counts go on. */
export const KEVENT_REQ_MUTED = 0x40;

/** `ukevent.ret_flags`: failed; `ret_data[1]` is the negative errno as an unsigned word. */
export const KEVENT_RET_BROKEN = 0x1;
/** `ukevent.ret_flags`: happened, or was carried out. */
export const KEVENT_RET_DONE = 0x2;
/** `ukevent.ret_flags`: delivered in the buffer, but the ring had no room for its copy. */
export const KEVENT_RET_COPY_FAILED = 0x4;

/** `kevent_ctl`: add kevents. */
export const KEVENT_CTL_ADD = 0;
/** `kevent_ctl`: remove kevents. */
export const KEVENT_CTL_REMOVE = 1;
/** `kevent_ctl`: replace `event` and `req_flags`, and look again. */
export const KEVENT_CTL_MODIFY = 2;
/** `kevent_ctl`: make kevents ready; with no entries, wake one waiting thread. */
export const KEVENT_CTL_READY = 3;

/** Waiting calls: the timeout is a point in time, on CLOCK_REALTIME unless another clock is named. */
export const KEVENT_FLAGS_ABSTIME = 0x1;
/** Waiting calls: the timeout is on CLOCK_MONOTONIC. */
export const KEVENT_FLAGS_MONOTONIC = 0x2;
/** Waiting calls: the timeout is on CLOCK_BOOTTIME, which counts suspend. */
export const KEVENT_FLAGS_BOOTTIME = 0x4;
/** Waiting calls, absolute on CLOCK_REALTIME: ECANCELED when the clock is set. */
export const KEVENT_FLAGS_CLOCK_STEP = 0x8;
/** Waiting calls: never sleep: EAGAIN if nothing is ready, ENOBUFS if the ring is full. */
export const KEVENT_FLAGS_NONBLOCK = 0x10;
/** `kevent_claim` with NONBLOCK: only what is ready already; no origin is asked. */
export const KEVENT_FLAGS_NO_COLLECT = 0x20;
/** Native waiting calls: the timeout ends a slice of a longer wait: EAGAIN or ENOBUFS then, and nothing moved. */
export const KEVENT_FLAGS_SLICE = 0x40;
/** `kevent_claim` with NONBLOCK: waits for an exact timer that is nearly due, as those that sleep do. */
export const KEVENT_FLAGS_EXACT = 0x80;

/** `ukevent.event` of TIMER and POSIX_TIMER. */
export const KEVENT_TIMER_FIRED = 0x1;
/** `ukevent.event` of TIMER: whoever waits for it is woken sooner, and waits for the rest on the processor. */
export const KEVENT_TIMER_EXACT = 0x2;
/** `ukevent.event` of TIMER, at ADD: `ret_data` is when it expires first, nanoseconds of CLOCK_MONOTONIC as a u64. */
export const KEVENT_TIMER_FIRST = 0x4;
/** `ret_data[1]` of POSIX_TIMER: the clock was set. */
export const KEVENT_TIMER_STEPPED = 0x1;
/** `posixTimerSettime`: the value is a point in time. */
export const KEVENT_TIMER_ABSTIME = 0x1;
/** `posixTimerSettime`, absolute on CLOCK_REALTIME: fire when the clock is set. */
export const KEVENT_TIMER_CANCEL_ON_SET = 0x2;

/** SOCKET, PIPE: there is something to read, or the end of it. */
export const KEVENT_SOCKET_RECV = 0x1;
/** SOCKET: there is a connection to accept. */
export const KEVENT_SOCKET_ACCEPT = 0x2;
/** SOCKET, PIPE: there is room to write. */
export const KEVENT_SOCKET_SEND = 0x4;
/** SOCKET, PIPE, `ret_data[0]` only, always reported: an error is pending. */
export const KEVENT_SOCKET_ERR = 0x8;
/** SOCKET, PIPE, `ret_data[0]` only, always reported: both directions are closed. */
export const KEVENT_SOCKET_HUP = 0x10;
/** SOCKET, `ret_data[0]` only: the peer has shut down its writing half. */
export const KEVENT_SOCKET_RDHUP = 0x2000;

/** INODE: an entry was made in the watched directory. */
export const KEVENT_INODE_CREATE = 0x1;
/** INODE: an entry was deleted from the watched directory. */
export const KEVENT_INODE_REMOVE = 0x2;
/** INODE: metadata changed. */
export const KEVENT_INODE_ATTRIB = 0x4;
/** INODE: a file that was open for writing was closed. */
export const KEVENT_INODE_CLOSE_WRITE = 0x8;
/** INODE: a file that was not open for writing was closed. */
export const KEVENT_INODE_CLOSE_NOWRITE = 0x10;
/** INODE: a file was opened. */
export const KEVENT_INODE_OPEN = 0x20;
/** INODE: an entry was moved away; its cookie names the other half. */
export const KEVENT_INODE_MOVED_FROM = 0x40;
/** INODE: an entry was moved here; its cookie names the other half. */
export const KEVENT_INODE_MOVED_TO = 0x80;
/** INODE: the watched inode itself was deleted. */
export const KEVENT_INODE_DELETE_SELF = 0x400;
/** INODE: the watched inode itself was moved. */
export const KEVENT_INODE_MOVE_SELF = 0x800;
/** INODE, always reported: its filesystem was unmounted. */
export const KEVENT_INODE_UNMOUNT = 0x2000;
/** INODE, always reported: the kernel dropped events. */
export const KEVENT_INODE_Q_OVERFLOW = 0x4000;
/** INODE, always reported: the watch is gone, this is its last event. */
export const KEVENT_INODE_IGNORED = 0x8000;
/** INODE: a file was read. */
export const KEVENT_INODE_ACCESS = 0x10000;
/** INODE: a file was written or truncated. */
export const KEVENT_INODE_MODIFY = 0x20000;
/** `kevent_inode_watch` only: ENOTDIR unless the path is a directory. */
export const KEVENT_INODE_ONLYDIR = 0x01000000;
/** `kevent_inode_watch` only: watch a symbolic link itself. */
export const KEVENT_INODE_DONT_FOLLOW = 0x02000000;
/** `kevent_inode_watch` only: no events of children that were unlinked. */
export const KEVENT_INODE_EXCL_UNLINK = 0x04000000;
/** INODE, returned only: the entry is a directory. */
export const KEVENT_INODE_ISDIR = 0x40000000;

/** POLL: as poll(2)'s POLLIN. */
export const KEVENT_POLL_POLLIN = 0x0001;
/** POLL: as poll(2)'s POLLPRI. */
export const KEVENT_POLL_POLLPRI = 0x0002;
/** POLL: as poll(2)'s POLLOUT. */
export const KEVENT_POLL_POLLOUT = 0x0004;
/** POLL, always reported: as poll(2)'s POLLERR. */
export const KEVENT_POLL_POLLERR = 0x0008;
/** POLL, always reported: as poll(2)'s POLLHUP. */
export const KEVENT_POLL_POLLHUP = 0x0010;
/** POLL: as poll(2)'s POLLNVAL. */
export const KEVENT_POLL_POLLNVAL = 0x0020;
/** POLL: as poll(2)'s POLLRDNORM. */
export const KEVENT_POLL_POLLRDNORM = 0x0040;
/** POLL: as poll(2)'s POLLRDBAND. */
export const KEVENT_POLL_POLLRDBAND = 0x0080;
/** POLL: as poll(2)'s POLLWRNORM. */
export const KEVENT_POLL_POLLWRNORM = 0x0100;
/** POLL: as poll(2)'s POLLWRBAND. */
export const KEVENT_POLL_POLLWRBAND = 0x0200;
/** POLL: as poll(2)'s POLLMSG. */
export const KEVENT_POLL_POLLMSG = 0x0400;
/** POLL: as poll(2)'s POLLREMOVE. */
export const KEVENT_POLL_POLLREMOVE = 0x1000;
/** POLL: as poll(2)'s POLLRDHUP. */
export const KEVENT_POLL_POLLRDHUP = 0x2000;

/** AIO. */
export const KEVENT_AIO_BIO = 0x1;

/** `ukevent.event` of SIGNAL. */
export const KEVENT_SIGNAL_DELIVERY = 0x1;
/** In an INODE kevent's id: the number of a group of watches, not a wd. */
export const KEVENT_INODE_GROUP = 0x100000000n;
/** In a SIGNAL kevent's id: the signal is not delivered the usual way. */
export const KEVENT_SIGNAL_NOMASK = 0x8000000000000000n;

/** Every event of a type. */
export const KEVENT_MASK_ALL = 0xffffffff;
/** No event. */
export const KEVENT_MASK_EMPTY = 0x0;

/** Kevents in one queue; ENOSPC in the entry beyond. */
export const KEVENT_MAX_KEVENTS = 1 << 24;
/** Slots in one ring; EINVAL beyond. */
export const KEVENT_MAX_RING = 1 << 24;
/** Consumers of one queue; EUSERS beyond. */
export const KEVENT_MAX_CONSUMERS = 63;
/** Kevents on one fd in one queue; ENOSPC beyond. */
export const KEVENT_MAX_SAME_FD = 64;
/** Undelivered payload bytes of one queue. */
export const KEVENT_MAX_PAYLOAD = 16 << 20;
/** Undelivered bytes of one INODE group. */
export const KEVENT_MAX_GROUP_RECORDS = 512 << 10;
/** Payloads kept for readers that use no ring. */
export const KEVENT_KEPT_PAYLOADS = 1024;
/** Signal records kept for one kevent; counts are exact beyond. */
export const KEVENT_MAX_SIGINFO = 4096;

/** NAIO, `ret_data[0]`: what is ready, KEVENT_SOCKET_* bits, stands from this bit on; below it, the bytes received. */
export const KEVENT_NAIO_WHAT_SHIFT = 24;
/** NAIO, `ret_data[1]`: the block of the slab stands from this bit on; below it, the offset in the block. */
export const KEVENT_NAIO_BLOCK_SHIFT = 20;
/** NAIO: bytes of a block, unless the slab was set up otherwise. */
export const KEVENT_NAIO_BLOCK_SIZE = 65536;
/** NAIO: blocks of a slab, unless it was set up otherwise. */
export const KEVENT_NAIO_BLOCKS = 256;
/** NAIO: a block has at least so many bytes. */
export const KEVENT_NAIO_MIN_BLOCK_SIZE = 4096;
/** NAIO: a block has at most so many bytes. */
export const KEVENT_NAIO_MAX_BLOCK_SIZE = 1 << 20;
/** NAIO: a slab has at most so many blocks. */
export const KEVENT_NAIO_MAX_BLOCKS = 4096;
/** NAIO: what is received and has more bytes than this is the last in its block. */
export const KEVENT_NAIO_MOST_SHARED = 16384;
/** NAIO: pieces of one send; what is more is not sent. */
export const KEVENT_NAIO_MAX_IOV = 1024;
