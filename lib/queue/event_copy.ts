import { KEVENT_INODE, KEVENT_RET_BROKEN, KEVENT_SIGNAL } from '../abi/constants.js';
import type { SystemError } from '../abi/errors.js';
import { eventError, type Payload, type QueueEvent, readPayload } from './event.js';
import type { EventCursor } from './event_cursor.js';
import type { Kevent } from './registration.js';

/** An event of its own, with its payload: good for as long as one likes. */
export class EventCopy implements QueueEvent {
  readonly type: number;
  readonly id0: number;
  readonly id1: number;
  readonly event: number;
  readonly flags: number;
  readonly retFlags: number;
  readonly data0: number;
  readonly data1: number;
  readonly registration: Kevent | undefined;

  constructor(cursor: EventCursor) {
    this.type = cursor.type;
    this.id0 = cursor.id0;
    this.id1 = cursor.id1;
    this.event = cursor.event;
    this.flags = cursor.flags;
    this.retFlags = cursor.retFlags;
    this.data0 = cursor.data0;
    this.data1 = cursor.data1;
    this.registration = cursor.registration;
  }

  /** A copy of where the cursor stands. */
  static of(cursor: EventCursor): EventCopy {
    const { type } = cursor;
    return type === KEVENT_INODE || type === KEVENT_SIGNAL
      ? new EventCopyWithPayload(cursor)
      : new EventCopy(cursor);
  }

  get data(): unknown {
    return this.registration?.data;
  }

  get broken(): boolean {
    return (this.retFlags & KEVENT_RET_BROKEN) !== 0;
  }

  error(): SystemError | undefined {
    return eventError(this.retFlags, this.data1);
  }

  payload(): Payload {
    return undefined;
  }
}

/** The engine keeps a payload only until the slot is committed, so it is taken along. */
class EventCopyWithPayload extends EventCopy {
  readonly #bytes: Uint8Array | undefined;

  constructor(cursor: EventCursor) {
    super(cursor);
    this.#bytes = cursor.payloadBytes();
  }

  override payload(): Payload {
    return readPayload(this.type, this.#bytes);
  }
}
