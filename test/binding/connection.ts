import { binding } from '../../lib/abi/binding.js';
import { KEVENT_CTL_ADD, KEVENT_NAIO, KEVENT_REQ_ALWAYS_QUEUE } from '../../lib/abi/constants.js';
import { UKEVENT_WORDS, WORD_RET_DATA0, WORD_RET_DATA1 } from '../../lib/abi/layout.js';
import { putRequest } from '../../lib/abi/ukevent.js';

const native = binding();

/** `call`, which must not fail. */
export function must(result: number): number {
  if (result < 0) throw new Error(`errno ${result}`);
  return result;
}

/** The ends of a TCP connection over loopback, and their closing. */
export class Connection {
  readonly listener = must(native.socketOpen(4, 1));
  readonly client = must(native.socketOpen(4, 1));
  readonly server: number;

  constructor() {
    must(native.socketBind(this.listener, '127.0.0.1', 0, 0));
    must(native.socketListen(this.listener, 8));
    const name = native.socketName(this.listener);
    if (typeof name === 'number') throw new Error(`errno ${name}`);
    native.socketConnect(this.client, '127.0.0.1', name.port);
    const out = new Int32Array(1);
    must(native.socketAccept(this.listener, out));
    this.server = out[0] ?? -1;
  }

  /** Sends it all from the client's end. */
  say(text: string): void {
    const bytes = Buffer.from(text);
    const words = Int32Array.of(this.client, 0, bytes.length, 0);
    native.naioSend(words, 1, bytes, []);
    if (words[2] !== bytes.length) throw new Error(`sent ${words[2]} of ${bytes.length} bytes`);
  }

  [Symbol.dispose](): void {
    for (const fd of [this.listener, this.client, this.server]) native.closeFd(fd);
  }
}

export interface Received {
  readonly what: number;
  readonly length: number;
  readonly block: number;
  readonly offset: number;
}

/** A queue without a ring, and what is received by it. */
export class Receiver {
  readonly fd = must(native.init(null, 0, 0));

  add(fd: number): void {
    const words = new Uint32Array(UKEVENT_WORDS);
    putRequest(words, 0, fd, 0, KEVENT_NAIO, 1, KEVENT_REQ_ALWAYS_QUEUE, 0, 0);
    if (native.ctl(this.fd, KEVENT_CTL_ADD, 1, words) !== 1) throw new Error('it cannot be added');
  }

  /** The next event; its block is in use until the next call. */
  next(): Received {
    const words = new Uint32Array(UKEVENT_WORDS);
    let count: number;
    do {
      count = native.getEvents(this.fd, 1, 1, 10, 0, words, 0);
    } while (count === -4096);
    if (count !== 1) throw new Error(`there is no event: ${count}`);
    const data0 = words[WORD_RET_DATA0] ?? 0;
    const data1 = words[WORD_RET_DATA1] ?? 0;
    return { what: data0 >>> 24, length: data0 & 0xffffff, block: data1 >>> 20, offset: data1 & 0xfffff };
  }

  text({ block, offset, length }: Received, keep = false): string {
    return Buffer.from(this.block(block, keep), offset, length).toString();
  }

  block(block: number, keep = false): ArrayBuffer {
    const memory = native.naioBlock(this.fd, block, keep);
    if (typeof memory === 'number') throw new Error(`errno ${memory}`);
    return memory;
  }

  [Symbol.dispose](): void {
    native.close(this.fd);
  }
}
