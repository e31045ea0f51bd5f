import { describe, expect, it } from 'vitest';

import { binding } from '../../lib/abi/binding.js';
import * as constants from '../../lib/abi/constants.js';
import * as layout from '../../lib/abi/layout.js';
import * as socketOptions from '../../lib/abi/socket_options.js';

const compiled = binding().layout();

describe('lib/abi', () => {
  const names = Object.keys(compiled).filter((name) => name.startsWith('KEVENT_'));

  it('has every constant that the compiled binding has, and no other', () => {
    expect(Object.keys(constants).sort()).toEqual(names.sort());
    expect(names.length).toBeGreaterThan(70);
  });

  it.each(Object.entries(constants))('has the value of %s that the compiled binding has', (name, value) => {
    expect(compiled[name]).toBe(value);
  });

  it.each(Object.entries(socketOptions))(
    'has the value of %s that the system headers have',
    (name, value) => {
      expect(compiled[name]).toBe(value);
    },
  );

  it.each([
    ['sizeof ukevent', layout.UKEVENT_SIZE],
    ['sizeof ukevent', layout.UKEVENT_WORDS * 4],
    ['ukevent.id', layout.UKEVENT_ID],
    ['ukevent.type', layout.UKEVENT_TYPE],
    ['ukevent.event', layout.UKEVENT_EVENT],
    ['ukevent.req_flags', layout.UKEVENT_REQ_FLAGS],
    ['ukevent.ret_flags', layout.UKEVENT_RET_FLAGS],
    ['ukevent.ret_data', layout.UKEVENT_RET_DATA],
    ['ukevent.user', layout.UKEVENT_USER],
    ['ukevent.ptr', layout.UKEVENT_USER],
    ['ukevent.id', layout.WORD_ID0 * 4],
    ['ukevent.type', layout.WORD_TYPE * 4],
    ['ukevent.event', layout.WORD_EVENT * 4],
    ['ukevent.req_flags', layout.WORD_REQ_FLAGS * 4],
    ['ukevent.ret_flags', layout.WORD_RET_FLAGS * 4],
    ['ukevent.ret_data', layout.WORD_RET_DATA0 * 4],
    ['ukevent.user', layout.WORD_USER0 * 4],
    ['sizeof kevent_ring', layout.RING_HEADER],
    ['kevent_ring.event', layout.RING_HEADER],
    ['kevent_ring.event', layout.RING_HEADER_WORDS * 4],
    ['kevent_ring.ring_kidx', layout.RING_KIDX],
    ['kevent_ring.ring_over', layout.RING_OVER],
    ['sizeof kevent_inode_record', layout.INODE_RECORD_HEADER],
    ['kevent_inode_record.name', layout.INODE_RECORD_HEADER],
    ['kevent_inode_record.mask', layout.INODE_RECORD_MASK],
    ['kevent_inode_record.cookie', layout.INODE_RECORD_COOKIE],
    ['kevent_inode_record.length', layout.INODE_RECORD_LENGTH],
    ['kevent_inode_record.next', layout.INODE_RECORD_NEXT],
    ['kevent_inode_record.wd', layout.INODE_RECORD_WD],
    ['sizeof kevent_signal_record', layout.SIGNAL_RECORD_SIZE],
    ['kevent_signal_record.signo', layout.SIGNAL_RECORD_SIGNO],
    ['kevent_signal_record.code', layout.SIGNAL_RECORD_CODE],
    ['kevent_signal_record.pid', layout.SIGNAL_RECORD_PID],
    ['kevent_signal_record.uid', layout.SIGNAL_RECORD_UID],
    ['kevent_signal_record.value', layout.SIGNAL_RECORD_VALUE],
    ['kevent_signal_record.status', layout.SIGNAL_RECORD_STATUS],
  ])('has %s where the compiler put it', (name, value) => {
    expect(compiled[name]).toBe(value);
  });

  it('agrees with the compiled binding on the second words of two-word fields', () => {
    expect([layout.WORD_ID1, layout.WORD_RET_DATA1, layout.WORD_USER1]).toEqual([
      layout.WORD_ID0 + 1,
      layout.WORD_RET_DATA0 + 1,
      layout.WORD_USER0 + 1,
    ]);
  });

  it('knows how many numbers kevent_statistics has', async () => {
    const { STATISTICS_LENGTH } = await import('../../lib/abi/statistics.js');
    expect(compiled['sizeof kevent_statistics']).toBe(STATISTICS_LENGTH * 8);
  });
});
