/*
 * kevent: one queue for every kind of event.
 *
 * The five calls, the 40-byte event and the ring of Evgeniy Polyakov's kevent
 * (Linux, take26, 30 November 2006), in user space. This header is the whole
 * public face of the engine: plain C, no Node.js, callable from any thread.
 *
 * Every call returns a negative errno on failure. Bad input is answered, never
 * undefined, as long as the pointers that are passed point to memory of the
 * size that is said.
 */
#ifndef KEVENT_H
#define KEVENT_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- layouts: byte for byte the seed's ------------------------------------------------ */

struct kevent_id {
  union {
    uint32_t raw[2];
    uint64_t raw_u64 __attribute__((aligned(8)));
  };
};

struct ukevent {
  struct kevent_id id;  /* 0: what is watched: an fd, a signal number, seconds and nanoseconds */
  uint32_t type;        /* 8: KEVENT_SOCKET ... */
  uint32_t event;       /* 12: which of the type's events */
  uint32_t req_flags;   /* 16: KEVENT_REQ_* */
  uint32_t ret_flags;   /* 20: KEVENT_RET_* */
  uint32_t ret_data[2]; /* 24: what the origin says; see the type */
  union {               /* 32: the caller's own, never looked at, part of the key */
    uint32_t user[2];
    void *ptr;
  };
};

struct kevent_ring {
  uint32_t ring_kidx; /* index at which the next event will be put: head modulo size */
  uint32_t ring_over; /* how often the committed tail has wrapped */
  struct ukevent event[];
};

/* A span of time or a point in it. Always 64-bit, always passed by pointer; NULL waits for ever. */
struct kevent_timespec {
  int64_t sec;
  int64_t nsec; /* 0 .. 999,999,999 */
};

/* ---- constants: the seed's names and values ------------------------------------------- */

enum { /* ukevent.type */
  KEVENT_SOCKET = 0,
  KEVENT_INODE = 1,
  KEVENT_TIMER = 2,
  KEVENT_POLL = 3,
  KEVENT_NAIO = 4,
  KEVENT_AIO = 5,
  KEVENT_PIPE = 6,
  KEVENT_SIGNAL = 7,
  KEVENT_POSIX_TIMER = 8,
  KEVENT_UNOTIFY = 9,
  KEVENT_MAX = 10,
};

enum { /* ukevent.req_flags */
  KEVENT_REQ_ONESHOT = 0x01,
  KEVENT_REQ_WAKEUP_ALL = 0x02,
  KEVENT_REQ_ET = 0x04,
  KEVENT_REQ_LAST_CHECK = 0x08,
  KEVENT_REQ_ALWAYS_QUEUE = 0x10,
  KEVENT_REQ_READY = 0x20,
  KEVENT_REQ_MUTED = 0x40, /* not asked, not delivered, until MODIFY clears it; counts go on */
};

enum { /* ukevent.ret_flags */
  KEVENT_RET_BROKEN = 0x1,      /* failed; ret_data[1] is the negative errno */
  KEVENT_RET_DONE = 0x2,        /* happened, or was carried out */
  KEVENT_RET_COPY_FAILED = 0x4, /* get_events: delivered here, but the ring had no room for its copy */
};

enum { /* kevent_ctl's cmd */
  KEVENT_CTL_ADD = 0,
  KEVENT_CTL_REMOVE = 1,
  KEVENT_CTL_MODIFY = 2,
  KEVENT_CTL_READY = 3,
};

enum { /* flags of the waiting calls */
  KEVENT_FLAGS_ABSTIME = 0x1,    /* the timeout is a point in time, on CLOCK_REALTIME unless: */
  KEVENT_FLAGS_MONOTONIC = 0x2,  /* ... it is on CLOCK_MONOTONIC */
  KEVENT_FLAGS_BOOTTIME = 0x4,   /* ... it is on CLOCK_BOOTTIME; relative waits count suspend too */
  KEVENT_FLAGS_CLOCK_STEP = 0x8, /* absolute, CLOCK_REALTIME: -ECANCELED when the clock is set */
  KEVENT_FLAGS_NONBLOCK = 0x10,  /* never sleep: -EAGAIN if nothing is ready, -ENOBUFS if the ring is full */
  KEVENT_FLAGS_SLICE = 0x40,   /* the timeout ends a slice of a longer wait: -EAGAIN or -ENOBUFS then, nothing moved */
  KEVENT_FLAGS_NO_COLLECT = 0x20, /* kevent_claim, with NONBLOCK: only what is ready already, ask no origin */
  KEVENT_FLAGS_EXACT = 0x80,   /* kevent_claim, with NONBLOCK: wait for an exact timer that is nearly due, as those who sleep do */
};

enum { /* TIMER and POSIX_TIMER: ukevent.event */
  KEVENT_TIMER_FIRED = 0x1,
  KEVENT_TIMER_EXACT = 0x2, /* TIMER: whoever waits is woken sooner, and waits for the rest on the processor */
  KEVENT_TIMER_FIRST = 0x4, /* TIMER, ADD: ret_data, a u64, is when it expires first: ns of CLOCK_MONOTONIC; 0: not said */
};

enum { /* POSIX_TIMER: ret_data[1] */
  KEVENT_TIMER_STEPPED = 0x1, /* the clock was set; see KEVENT_TIMER_CANCEL_ON_SET */
};

enum { /* SOCKET, PIPE, NAIO: ukevent.event, and what is ready in ret_data[0] */
  KEVENT_SOCKET_RECV = 0x1,
  KEVENT_SOCKET_ACCEPT = 0x2,
  KEVENT_SOCKET_SEND = 0x4,
  KEVENT_SOCKET_ERR = 0x8,      /* ret_data[0] only, always reported */
  KEVENT_SOCKET_HUP = 0x10,     /* ret_data[0] only, always reported */
  KEVENT_SOCKET_RDHUP = 0x2000, /* ret_data[0] only: the peer has shut down its writing half */
};

enum { /* INODE: ukevent.event, ret_data[0], kevent_inode_record.mask */
  KEVENT_INODE_CREATE = 0x1,
  KEVENT_INODE_REMOVE = 0x2, /* an entry was deleted from the watched directory */
  KEVENT_INODE_ATTRIB = 0x4,
  KEVENT_INODE_CLOSE_WRITE = 0x8,
  KEVENT_INODE_CLOSE_NOWRITE = 0x10,
  KEVENT_INODE_OPEN = 0x20,
  KEVENT_INODE_MOVED_FROM = 0x40,
  KEVENT_INODE_MOVED_TO = 0x80,
  KEVENT_INODE_DELETE_SELF = 0x400,
  KEVENT_INODE_MOVE_SELF = 0x800,
  KEVENT_INODE_UNMOUNT = 0x2000,    /* always reported */
  KEVENT_INODE_Q_OVERFLOW = 0x4000, /* always reported: the kernel dropped events */
  KEVENT_INODE_IGNORED = 0x8000,    /* always reported: the watch is gone, this is its last event */
  KEVENT_INODE_ACCESS = 0x10000,
  KEVENT_INODE_MODIFY = 0x20000,
  KEVENT_INODE_ONLYDIR = 0x01000000,     /* kevent_inode_watch only: ENOTDIR unless a directory */
  KEVENT_INODE_DONT_FOLLOW = 0x02000000, /* kevent_inode_watch only: watch the link itself */
  KEVENT_INODE_EXCL_UNLINK = 0x04000000, /* kevent_inode_watch only: no events of unlinked children */
  KEVENT_INODE_ISDIR = 0x40000000,       /* ret only: the entry is a directory */
};

enum { /* POLL: ukevent.event, and revents in ret_data[0]; ERR and HUP are always reported */
  KEVENT_POLL_POLLIN = 0x0001,
  KEVENT_POLL_POLLPRI = 0x0002,
  KEVENT_POLL_POLLOUT = 0x0004,
  KEVENT_POLL_POLLERR = 0x0008,
  KEVENT_POLL_POLLHUP = 0x0010,
  KEVENT_POLL_POLLNVAL = 0x0020,
  KEVENT_POLL_POLLRDNORM = 0x0040,
  KEVENT_POLL_POLLRDBAND = 0x0080,
  KEVENT_POLL_POLLWRNORM = 0x0100,
  KEVENT_POLL_POLLWRBAND = 0x0200,
  KEVENT_POLL_POLLMSG = 0x0400,
  KEVENT_POLL_POLLREMOVE = 0x1000,
  KEVENT_POLL_POLLRDHUP = 0x2000,
};

enum { /* AIO */
  KEVENT_AIO_BIO = 0x1,
};

enum { /* SIGNAL: ukevent.event */
  KEVENT_SIGNAL_DELIVERY = 0x1,
};

#define KEVENT_INODE_GROUP 0x100000000ull /* in id: the number of a group of watches, not a wd */
#define KEVENT_SIGNAL_NOMASK 0x8000000000000000ull /* in id: the signal is not delivered the usual way */
#define KEVENT_MASK_ALL 0xffffffffu
#define KEVENT_MASK_EMPTY 0x0u

/* Bounds, so that nothing grows for ever. */
#define KEVENT_MAX_KEVENTS (1u << 24)      /* kevents in one queue: -ENOSPC in the entry beyond */
#define KEVENT_MAX_RING (1u << 24)         /* slots in one ring: -EINVAL beyond */
#define KEVENT_MAX_CONSUMERS 63            /* consumers of one queue: -EUSERS beyond */
#define KEVENT_MAX_SAME_FD 64              /* kevents on one fd in one queue: -ENOSPC beyond */
#define KEVENT_MAX_PAYLOAD (16u << 20)     /* undelivered payload bytes of one queue */
#define KEVENT_MAX_GROUP_RECORDS (512u << 10) /* undelivered bytes of one INODE group */
#define KEVENT_KEPT_PAYLOADS 1024          /* payloads kept for readers that use no ring */
#define KEVENT_MAX_SIGINFO 4096            /* siginfo records kept per kevent; counts are exact beyond */

/* ---- the five calls ------------------------------------------------------------------- */

/*
 * Make a queue. ring (8-byte aligned, 8 + 40 * ring_size bytes) stays the caller's; the engine
 * writes there until kevent_close returns. (NULL, 0) makes a queue without a ring.
 * flags must be 0. Returns a pollable, close-on-exec file descriptor: readable while events are
 * ready. EINVAL (ring_size 1 or above KEVENT_MAX_RING, ring without size or the reverse,
 * misaligned, flags), EMFILE, ENFILE, ENOMEM.
 */
int kevent_init(struct kevent_ring *ring, uint32_t ring_size, uint32_t flags);

/*
 * Add, remove, modify or make ready num kevents. Each entry's outcome is written in place:
 * ret_flags 0 (ADD: queued), DONE (carried out; ADD: ready now and not registered, ret_data says
 * what), BROKEN|DONE (failed: ret_data[1] = -errno). Returns how many entries were carried out,
 * that is num less the BROKEN ones. READY with num 0 wakes one waiting thread, which returns 0.
 * Key of a kevent: (type, id, user).
 * In the entry: EEXIST (key taken), ENOENT (no such key), ENOSYS (type unknown or not built),
 * EBADF, EINVAL, ENOTSOCK, EPERM (POLL on a file that cannot be polled), ENOSPC, ENOMEM.
 * As the result: EBADF (fd is not open), EINVAL (not a queue, unknown cmd), EFAULT (arg NULL).
 */
int kevent_ctl(int fd, uint32_t cmd, uint32_t num, struct ukevent *arg);

/*
 * Wait for at least min_nr ready events, then move up to max_nr of them to buf, and a copy of
 * each to the ring if there is one and it has room (else KEVENT_RET_COPY_FAILED in buf).
 * Returns the number moved: fewer than min_nr (0 too) if the timeout ended or READY woke us.
 * EINVAL (min_nr > max_nr, bad timespec, unknown flags), EFAULT, EAGAIN (NONBLOCK), ECANCELED.
 */
int kevent_get_events(int fd, uint32_t min_nr, uint32_t max_nr, const struct kevent_timespec *timeout,
                      struct ukevent *buf, uint32_t flags);

/*
 * Wait until an event is ready and the ring has room, then move up to num events into the ring.
 * Does not sleep if ring_kidx is no longer old_uidx. Returns the number moved: 0 if the timeout
 * ended, READY woke us, a WAKEUP_ALL event was moved by another thread, or ring_kidx had moved on.
 * EINVAL (no ring, num > ring_size, old_uidx >= ring_size, bad timespec, flags), EAGAIN, ECANCELED.
 */
int kevent_wait(int fd, uint32_t num, uint32_t old_uidx, const struct kevent_timespec *timeout,
                uint32_t flags);

/*
 * Give back every slot before position over * ring_size + new_uidx. Returns how many slots became
 * free; 0 if that position is at or behind the committed tail, one wrap old included.
 * EINVAL (no ring, new_uidx >= ring_size, beyond the head), EOVERFLOW (over is more than one wrap old).
 */
int kevent_commit(int fd, uint32_t new_uidx, uint32_t over);

/* Close a queue: its kevents are removed, its waiters return -EBADF, its memory is let go. EBADF, EINVAL. */
int kevent_close(int fd);

/* ---- beyond the seed: shared consumption ---------------------------------------------- */

/*
 * A consumer is one thread's share of a ring. Claimed slots belong to exactly one consumer
 * (events of WAKEUP_ALL kevents: to each consumer there was); the tail advances over the finished
 * prefix; what a closed consumer had not finished is claimed by another.
 */

/* notify runs on any thread, with engine locks held: it must only signal. NULL is allowed. */
int kevent_consumer_open(int fd, void (*notify)(void *), void *context);
int kevent_consumer_close(int fd, int consumer);

struct kevent_run {
  uint64_t position;   /* of the first slot */
  uint64_t plain_from; /* from this position on, no event is the last of its kevent, as ONESHOT and BROKEN ones are */
};

/*
 * Collect, then claim up to max slots that lie side by side (no run crosses the end of the ring).
 * Waits as kevent_wait does. Returns the number claimed, and in *run which.
 * max 0 collects into the ring and claims nothing: 0, or -ENOBUFS once the ring is full.
 */
int kevent_claim(int fd, int consumer, uint32_t max, const struct kevent_timespec *timeout,
                 uint32_t flags, struct kevent_run *run);

/* The consumer is done with count slots from position on. Returns how many slots became free. */
int kevent_finish(int fd, int consumer, uint64_t position, uint32_t count);

/*
 * An observer is told, by its notify, that a non-blocking call may succeed now for a reason that
 * kevent_loop_fd does not show: room in the ring, a wake-up by READY, a WAKEUP_ALL event, the close.
 */
int kevent_observer_open(int fd, void (*notify)(void *), void *context);
int kevent_observer_close(int fd, int observer);

/* ---- beyond the seed: what does not fit into 40 bytes ---------------------------------- */

struct kevent_inode_record {
  uint32_t mask;   /* KEVENT_INODE_* */
  uint32_t cookie; /* the same in the two halves of a rename, else 0 */
  uint32_t length; /* of name, without padding; 0: the watched inode itself */
  uint32_t next;   /* bytes from this record to the next, a multiple of 8 */
  int32_t wd;      /* where: of the watches of a group; -1 with KEVENT_INODE_Q_OVERFLOW */
  char name[];     /* not terminated, not always UTF-8 */
};

struct kevent_signal_record {
  int32_t signo;
  int32_t code;  /* SI_USER, SI_QUEUE, CLD_EXITED ... */
  uint32_t pid;
  uint32_t uid;
  uint64_t value;  /* sigval */
  int32_t status;  /* SIGCHLD */
  uint32_t pad;
};

/*
 * The payload of a delivered INODE or SIGNAL event: handle is its ret_data[1], 0 is "none".
 * Copies up to size bytes to buf, returns the payload's length. It is kept until the event's slot
 * is committed, or, without a slot, until KEVENT_KEPT_PAYLOADS later ones. ENOENT.
 */
int kevent_payload(int fd, uint32_t handle, void *buf, uint32_t size);

/*
 * Watch a path with the queue's inotify instance: returns the wd that an INODE kevent takes as its
 * id. Records from this call on are kept for the first kevent added. The same inode watched
 * twice is one wd, which goes with its last kevent, or by unwatch (EBUSY while it has one). ENOENT, EACCES, ENOTDIR, ENOSPC (max_user_watches), EMFILE (max_user_instances).
 */
int kevent_inode_watch(int fd, const char *path, uint32_t mask);
int kevent_inode_unwatch(int fd, int wd);

/*
 * A group: one INODE kevent for any number of watches, which tells their records in the order in which they happened.
 * Its id is KEVENT_INODE_GROUP | the number that kevent_inode_group returns; it has no watches at first, and stays until
 * it is removed, with all of them. KEVENT_INODE_IGNORED is in the records only. A group whose reader is slow holds
 * KEVENT_MAX_GROUP_RECORDS bytes of records; then a KEVENT_INODE_Q_OVERFLOW of its own follows, and the others of the
 * queue are not kept waiting.
 */
int kevent_inode_group(int fd);
/* Returns the wd. As kevent_inode_watch; the same inode twice is one wd. EINVAL: no kevent has that id. */
int kevent_inode_group_watch(int fd, int group, const char *path, uint32_t mask);
/* EINVAL: not one of the group's. Records that were there already are told all the same. */
int kevent_inode_group_unwatch(int fd, int group, int wd);
/*
 * More than 0 if records may be on their way to the group's reader: bytes in the kernel's queue, which all of the queue's
 * watches share, and waiting to be delivered; and 1 for an event of the group that is not committed.
 */
int kevent_inode_group_backlog(int fd, int group);
/*
 * The first record of a burst waits for so many microseconds for those behind it, in the kernel: one event tells of all
 * of them. While one burst follows another they wait longer, up to eight times, and not at all while there are more
 * than one read takes. 0, as at first: none waits. EINVAL: more than a second.
 */
int kevent_inode_gather(int fd, uint32_t microseconds);
/* Those that wait, or else those that come next, are read when the queue is collected the next time. */
int kevent_inode_hurry(int fd);

/*
 * Read a directory: for each entry but . and .., 'd' (a directory) or '-', its name, and a NUL, in the order of the
 * filesystem. A link is none. Returns how many bytes that is; if that is more than size, what buf has is of no use, and
 * size must be at least as much. ENOENT, ENOTDIR, EACCES, ELOOP (path is a link; not if it ends in a slash), EMFILE.
 */
int kevent_directory_read(const char *path, char *buf, uint32_t size);

/* ---- beyond the seed: POSIX timers ----------------------------------------------------- */

enum { /* kevent_timer_settime's flags */
  KEVENT_TIMER_ABSTIME = 0x1,
  KEVENT_TIMER_CANCEL_ON_SET = 0x2, /* absolute, CLOCK_REALTIME: fire, STEPPED, when the clock is set */
};

/* clock: CLOCK_REALTIME 0, CLOCK_MONOTONIC 1, CLOCK_BOOTTIME 7. Returns a handle > 0, the id of one kevent. */
int kevent_timer_create(uint32_t clock);
int kevent_timer_settime(int handle, uint32_t flags, const struct kevent_timespec *value,
                         const struct kevent_timespec *interval);
int kevent_timer_gettime(int handle, struct kevent_timespec *value, struct kevent_timespec *interval);
int kevent_timer_delete(int handle);

/* ---- beyond the seed: processes and connections ----------------------------------------- */

/*
 * A descriptor of a process, close-on-exec and the caller's to close: POLLIN once the process has ended.
 * ESRCH (no such process, or one that was waited for), EINVAL (pid < 1), EMFILE, ENOSYS (before Linux 5.3).
 */
int kevent_pidfd_open(int pid);

/*
 * How a child of this process has ended: its exit code times 256, or the signal that ended it. The child is
 * left to be waited for. EAGAIN (has not ended), ECHILD (not a child, or waited for already), EINVAL.
 */
int kevent_pid_wait(int pidfd);

/*
 * Accept one connection, non-blocking and close-on-exec; the caller's to close. Up to size bytes of the
 * peer's sockaddr are written to address, which may be NULL. EAGAIN (none; only if fd is non-blocking,
 * else it waits), ECONNABORTED, EMFILE, ENFILE, EINVAL (not listening), ENOTSOCK.
 */
int kevent_accept(int fd, void *address, uint32_t size);

/*
 * Accept up to count connections, non-blocking and close-on-exec, the caller's to close, into fds. Returns how many,
 * or, if there was none, why: EAGAIN, EMFILE, ENFILE, EINVAL (not listening, not non-blocking, count 0), ENOTSOCK.
 * Connections that have gone before they were accepted are skipped.
 */
int kevent_accept_many(int fd, int32_t *fds, uint32_t count);

/*
 * Send up to count bytes of the file in, from offset on (-1: from where it stands, and move it), to the socket or pipe
 * out, which should be non-blocking. Returns the bytes sent, 0 at the end of the file. Never raises SIGPIPE.
 */
int kevent_sendfile(int out, int in, int64_t offset, uint32_t count);

/* ---- NAIO: what is received lies in a slab --------------------------------------------- */

/*
 * A kevent of type NAIO is a stream socket, or a non-blocking pipe, FIFO or terminal; its event is
 * KEVENT_SOCKET_RECV | KEVENT_SOCKET_SEND. When it is delivered the engine has received already, once, into the
 * current block of the queue's slab, and what was received is good until the event's slot is committed:
 *   ret_data[0]  what << KEVENT_NAIO_WHAT_SHIFT | length; what: KEVENT_SOCKET_RECV, SEND, ERR, HUP
 *   ret_data[1]  block << KEVENT_NAIO_BLOCK_SHIFT | offset, if length > 0
 * RECV with length 0 is the end of the stream: RECV is off then until MODIFY asks for it again, and a kevent that
 * asks for nothing is not watched. An error of the stream is BROKEN|DONE, as for every type. ERR and HUP
 * alone are nothing: they make what is asked for ready, and come with it.
 * Level: one event while there is something, at most one uncommitted. ET, ONESHOT: as for the others, but ET comes
 * again until all is received that there was. It is always queued at ADD, ready or not.
 *
 * Blocks are filled from the beginning to the end, one after the other: every event of one comes before the first of
 * the next. What is in a block stays there until all its slots are committed; then it is filled anew, in
 * place or later. With all blocks in use nothing is received, and nothing lost, until one is free: it stays in the
 * kernel. So whoever holds slots for long should take the bytes, or the block: kevent_naio_hold.
 *
 * A receive of more than KEVENT_NAIO_MOST_SHARED bytes is the last in its block, so that whoever keeps blocks for such
 * and copies the others never has anybody else's bytes in a block that is kept.
 *
 * One kevent_wait receives about 128 KiB, however many events it may move: what else is ready comes with the next.
 *
 * A queue without a ring has no slots: a block is in use until the next kevent_get_events on the queue.
 */

#define KEVENT_NAIO_WHAT_SHIFT 24
#define KEVENT_NAIO_BLOCK_SHIFT 20
#define KEVENT_NAIO_BLOCK_SIZE 65536u     /* bytes of a block, unless kevent_naio_slab says otherwise */
#define KEVENT_NAIO_BLOCKS 256u           /* ... and how many there may be */
#define KEVENT_NAIO_MIN_BLOCK_SIZE 4096u
#define KEVENT_NAIO_MAX_BLOCK_SIZE (1u << 20)
#define KEVENT_NAIO_MAX_BLOCKS 4096u
#define KEVENT_NAIO_MOST_SHARED 16384u
#define KEVENT_NAIO_MAX_IOV 1024u         /* of one kevent_send; what is more is not sent */

/*
 * The slab of a queue, before anything is received: blocks of block_size bytes (a power of two), at most blocks of
 * them, allocated as they are needed. EINVAL, EBUSY (in use already).
 */
int kevent_naio_slab(int fd, uint32_t block_size, uint32_t blocks);

/*
 * Remove a NAIO kevent, as KEVENT_CTL_REMOVE does, and close its descriptor, which the caller owns: that takes it out of
 * the kernel's set, and saves a call. Should a duplicate keep the file open, it is left behind when it is ready next.
 * ENOENT (no such key), EINVAL (not NAIO), EBADF (fd is not open): then nothing was closed.
 */
int kevent_naio_close(int fd, const struct ukevent *entry);

/*
 * Hold the memory of a block, until kevent_naio_release(*memory): it is not freed before, whatever becomes of the
 * queue. With keep it is not filled anew either: when the block is used up and its slots are committed, the memory
 * is left to those who hold it, and the block gets other memory when it is used next. That is to be
 * asked for while a slot holds the block. ENOENT (no such block, or none in it), EFAULT.
 */
int kevent_naio_hold(int fd, uint32_t block, int keep, void **memory, uint32_t *size);
/* By any thread, once for each hold. */
void kevent_naio_release(void *memory);

struct iovec;

struct kevent_send {
  int32_t fd;
  uint32_t count; /* of iov; 0 sends nothing */
  const struct iovec *iov;
  int64_t result; /* out: bytes sent, fewer than there are if the socket has no more room; or -errno */
};

/*
 * One sendmsg an entry. Never waits, never raises SIGPIPE (EPIPE). EINVAL: a pipe or terminal that is not
 * non-blocking. Returns count.
 */
int kevent_naio_send(uint32_t count, struct kevent_send *sends);

/* ---- looking at a queue ---------------------------------------------------------------- */

struct kevent_statistics {
  uint64_t total;     /* kevents ever added */
  uint64_t immediate; /* of these: ready at ADD and handed straight back */
  uint64_t delivered; /* events moved to a ring or a buffer */
  uint64_t ring;      /* events moved to the ring */
  uint64_t muted;     /* times a kevent was muted */
  uint64_t wakeups;   /* times a sleeping thread or a consumer was woken */
  uint64_t collects;  /* times the origins were asked */
  uint64_t kevents;   /* registered now */
  uint64_t ready;     /* on the ready list now */
  uint64_t head;      /* position: slots ever filled */
  uint64_t tail;      /* position: slots ever committed */
  uint64_t memory;    /* bytes of native memory that the queue holds */
};

int kevent_stats(int fd, struct kevent_statistics *out);

/*
 * The descriptor that an event loop should watch for this queue (level, POLLIN): cheaper than the
 * queue's own fd, and the engine's to close. Like epoll's: readable may turn out to be nothing.
 */
int kevent_loop_fd(int fd);

/* libuv and others may replace a signal's handler behind our back: take our place in front again. */
void kevent_signal_reassert(void);

/* The sha256 of native/ that this engine was built from, set by the build; "" in engine-only builds. */
const char *kevent_source_hash(void);

#ifdef __cplusplus
}
#endif

#endif /* KEVENT_H */
