// The layouts, names and values are the seed's, to the byte.
#include <cstddef>

#include "check.h"
#include "kevent.h"

namespace {

TEST(a_ukevent_is_laid_out_as_the_seed_says) {
  CHECK_EQ(sizeof(ukevent), 40u);
  CHECK_EQ(alignof(ukevent), 8u);
  CHECK_EQ(offsetof(ukevent, id), 0u);
  CHECK_EQ(offsetof(ukevent, type), 8u);
  CHECK_EQ(offsetof(ukevent, event), 12u);
  CHECK_EQ(offsetof(ukevent, req_flags), 16u);
  CHECK_EQ(offsetof(ukevent, ret_flags), 20u);
  CHECK_EQ(offsetof(ukevent, ret_data), 24u);
  CHECK_EQ(offsetof(ukevent, user), 32u);
  CHECK_EQ(offsetof(ukevent, ptr), 32u);
  CHECK_EQ(sizeof(ukevent::ret_data), 8u);
  CHECK_EQ(sizeof(kevent_id), 8u);
}

TEST(a_ring_is_an_index_and_a_count_before_its_events) {
  CHECK_EQ(offsetof(kevent_ring, ring_kidx), 0u);
  CHECK_EQ(offsetof(kevent_ring, ring_over), 4u);
  CHECK_EQ(offsetof(kevent_ring, event), 8u);
  CHECK_EQ(sizeof(kevent_ring), 8u);
}

TEST(a_timespec_is_64_bit_on_every_machine) {
  CHECK_EQ(sizeof(kevent_timespec), 16u);
  CHECK_EQ(offsetof(kevent_timespec, nsec), 8u);
}

TEST(payload_records_are_laid_out_without_gaps) {
  CHECK_EQ(offsetof(kevent_inode_record, cookie), 4u);
  CHECK_EQ(offsetof(kevent_inode_record, length), 8u);
  CHECK_EQ(offsetof(kevent_inode_record, next), 12u);
  CHECK_EQ(offsetof(kevent_inode_record, wd), 16u);
  CHECK_EQ(offsetof(kevent_inode_record, name), 20u);
  CHECK_EQ(sizeof(kevent_inode_record), 20u);
  CHECK_EQ(sizeof(kevent_signal_record), 32u);
  CHECK_EQ(offsetof(kevent_signal_record, value), 16u);
  CHECK_EQ(offsetof(kevent_signal_record, status), 24u);
}

TEST(types_commands_and_flags_have_the_seeds_values) {
  const struct {
    uint32_t value, seeds;
  } constants[] = {
      {KEVENT_SOCKET, 0},       {KEVENT_INODE, 1},          {KEVENT_TIMER, 2},
      {KEVENT_POLL, 3},         {KEVENT_NAIO, 4},           {KEVENT_AIO, 5},
      {KEVENT_PIPE, 6},         {KEVENT_SIGNAL, 7},         {KEVENT_POSIX_TIMER, 8},
      {KEVENT_UNOTIFY, 9},      {KEVENT_MAX, 10},           {KEVENT_REQ_ONESHOT, 1},
      {KEVENT_REQ_WAKEUP_ALL, 2}, {KEVENT_REQ_ET, 4},       {KEVENT_REQ_LAST_CHECK, 8},
      {KEVENT_REQ_ALWAYS_QUEUE, 16}, {KEVENT_REQ_READY, 32}, {KEVENT_RET_BROKEN, 1},
      {KEVENT_RET_DONE, 2},     {KEVENT_RET_COPY_FAILED, 4}, {KEVENT_CTL_ADD, 0},
      {KEVENT_CTL_REMOVE, 1},   {KEVENT_CTL_MODIFY, 2},     {KEVENT_CTL_READY, 3},
      {KEVENT_FLAGS_ABSTIME, 1}, {KEVENT_TIMER_FIRED, 1},   {KEVENT_SOCKET_RECV, 1},
      {KEVENT_SOCKET_ACCEPT, 2}, {KEVENT_SOCKET_SEND, 4},   {KEVENT_INODE_CREATE, 1},
      {KEVENT_INODE_REMOVE, 2}, {KEVENT_AIO_BIO, 1},        {KEVENT_SIGNAL_DELIVERY, 1},
      {KEVENT_POLL_POLLIN, 1},  {KEVENT_POLL_POLLPRI, 2},   {KEVENT_POLL_POLLOUT, 4},
      {KEVENT_POLL_POLLERR, 8}, {KEVENT_POLL_POLLHUP, 16},  {KEVENT_POLL_POLLNVAL, 32},
      {KEVENT_POLL_POLLRDNORM, 0x40}, {KEVENT_POLL_POLLRDBAND, 0x80}, {KEVENT_POLL_POLLWRNORM, 0x100},
      {KEVENT_POLL_POLLWRBAND, 0x200}, {KEVENT_POLL_POLLMSG, 0x400}, {KEVENT_POLL_POLLREMOVE, 0x1000},
      {KEVENT_POLL_POLLRDHUP, 0x2000}, {KEVENT_MASK_ALL, 0xffffffff}, {KEVENT_MASK_EMPTY, 0},
  };
  for (const auto& constant : constants) CHECK_EQ(constant.value, constant.seeds);
  CHECK_EQ(KEVENT_SIGNAL_NOMASK, uint64_t{1} << 63);
}

TEST(the_bits_we_added_to_the_seeds_overlap_none) {
  const uint32_t sets[][17] = {
      {KEVENT_SOCKET_RECV, KEVENT_SOCKET_ACCEPT, KEVENT_SOCKET_SEND, KEVENT_SOCKET_ERR, KEVENT_SOCKET_HUP,
       KEVENT_SOCKET_RDHUP},
      {KEVENT_INODE_CREATE, KEVENT_INODE_REMOVE, KEVENT_INODE_ATTRIB, KEVENT_INODE_CLOSE_WRITE,
       KEVENT_INODE_CLOSE_NOWRITE, KEVENT_INODE_OPEN, KEVENT_INODE_MOVED_FROM, KEVENT_INODE_MOVED_TO,
       KEVENT_INODE_DELETE_SELF, KEVENT_INODE_MOVE_SELF, KEVENT_INODE_UNMOUNT, KEVENT_INODE_Q_OVERFLOW,
       KEVENT_INODE_IGNORED, KEVENT_INODE_ACCESS, KEVENT_INODE_MODIFY, KEVENT_INODE_ONLYDIR, KEVENT_INODE_ISDIR},
      {KEVENT_REQ_ONESHOT, KEVENT_REQ_WAKEUP_ALL, KEVENT_REQ_ET, KEVENT_REQ_LAST_CHECK, KEVENT_REQ_ALWAYS_QUEUE,
       KEVENT_REQ_READY, KEVENT_REQ_MUTED},
      {KEVENT_FLAGS_ABSTIME, KEVENT_FLAGS_MONOTONIC, KEVENT_FLAGS_BOOTTIME, KEVENT_FLAGS_CLOCK_STEP,
       KEVENT_FLAGS_NONBLOCK, KEVENT_FLAGS_SLICE, KEVENT_FLAGS_NO_COLLECT, KEVENT_FLAGS_EXACT},
      {KEVENT_TIMER_FIRED, KEVENT_TIMER_EXACT, KEVENT_TIMER_FIRST},
  };
  for (const auto& set : sets) {
    uint32_t seen = 0;
    for (uint32_t bit : set) {
      CHECK_EQ(seen & bit, 0u);
      CHECK_EQ(bit & (bit - 1), 0u);
      seen |= bit;
    }
  }
}

}  // namespace
