import { KEVENT_RET_BROKEN } from '../abi/constants.js';
import type { SystemError } from '../abi/errors.js';
import {
  WORD_EVENT,
  WORD_ID0,
  WORD_ID1,
  WORD_REQ_FLAGS,
  WORD_RET_DATA0,
  WORD_RET_DATA1,
  WORD_RET_FLAGS,
  WORD_TYPE,
} from '../abi/layout.js';
import { eventError, type Payload, type QueueEvent, readPayload } from './event.js';
import type { Kevent } from './registration.js';

// As in event_cursor.ts: a constant of the module itself is part of the code.
const TYPE = WORD_TYPE;
const ID0 = WORD_ID0;
const ID1 = WORD_ID1;
const EVENT = WORD_EVENT;
const REQ_FLAGS = WORD_REQ_FLAGS;
const RET_FLAGS = WORD_RET_FLAGS;
const DATA0 = WORD_RET_DATA0;
const DATA1 = WORD_RET_DATA1;

/** An event of its own, with its payload: good for as long as one likes. */
export class EventCopy implements QueueEvent {
  // Declared, not defined: defining a field writes it once more.
  declare readonly type: number;
  declare readonly id0: number;
  declare readonly id1: number;
  declare readonly event: number;
  declare readonly flags: number;
  declare readonly retFlags: number;
  declare readonly data0: number;
  declare readonly data1: number;
  declare readonly registration: Kevent | undefined;

  constructor(words: Uint32Array, base: number, registration: Kevent | undefined) {
    this.type = words[base + TYPE] ?? 0;
    this.id0 = words[base + ID0] ?? 0;
    this.id1 = words[base + ID1] ?? 0;
    this.event = words[base + EVENT] ?? 0;
    this.flags = words[base + REQ_FLAGS] ?? 0;
    this.retFlags = words[base + RET_FLAGS] ?? 0;
    this.data0 = words[base + DATA0] ?? 0;
    this.data1 = words[base + DATA1] ?? 0;
    this.registration = registration;
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
export class EventCopyWithPayload extends EventCopy {
  readonly #bytes: Uint8Array | undefined;

  constructor(
    words: Uint32Array,
    base: number,
    registration: Kevent | undefined,
    bytes: Uint8Array | undefined,
  ) {
    super(words, base, registration);
    this.#bytes = bytes;
  }

  override payload(): Payload {
    return readPayload(this.type, this.#bytes);
  }
}
