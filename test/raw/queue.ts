import {
  KEVENT_CTL_ADD,
  KEVENT_CTL_READY,
  KEVENT_CTL_REMOVE,
  KEVENT_REQ_ALWAYS_QUEUE,
  KEVENT_UNOTIFY,
  kevent_close,
  kevent_ctl,
  kevent_init,
  RING_HEADER,
  UKEVENT_SIZE,
  type UkeventFields,
  writeUkevent,
} from '../../lib/raw.js';

/** A queue that closes itself at the end of its block. */
export class RawQueue {
  readonly ring: SharedArrayBuffer | null;
  readonly fd: number;
  #open = true;

  constructor(size: number) {
    this.ring = size === 0 ? null : new SharedArrayBuffer(RING_HEADER + size * UKEVENT_SIZE);
    this.fd = kevent_init(this.ring, size);
  }

  get kidx(): number {
    return this.ring === null ? 0 : (new Uint32Array(this.ring, 0, 1)[0] ?? 0);
  }

  /** Adds one kevent, and returns its entry as the engine left it. */
  add(fields: UkeventFields): Uint8Array {
    return this.#control(KEVENT_CTL_ADD, { req_flags: KEVENT_REQ_ALWAYS_QUEUE, ...fields });
  }

  /** Adds a user event. */
  addUser(id: number): void {
    this.add({ type: KEVENT_UNOTIFY, id, event: 1 });
  }

  /** Removes one kevent. */
  remove(fields: UkeventFields): void {
    this.#control(KEVENT_CTL_REMOVE, fields);
  }

  /** Makes a user event ready. */
  fire(id: number): void {
    this.#control(KEVENT_CTL_READY, { type: KEVENT_UNOTIFY, id });
  }

  /** READY without entries. */
  wake(): void {
    kevent_ctl(this.fd, KEVENT_CTL_READY, 0, null);
  }

  close(): void {
    if (this.#open) kevent_close(this.fd);
    this.#open = false;
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #control(cmd: number, fields: UkeventFields): Uint8Array {
    const entry = new Uint8Array(UKEVENT_SIZE);
    writeUkevent(entry, 0, fields);
    kevent_ctl(this.fd, cmd, 1, entry);
    return entry;
  }
}
