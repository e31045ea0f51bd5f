/** Bytes that are given to the kernel at once, of those that it did not take before. */
const MOST_AT_ONCE = 1024 * 1024;

/**
 * What a connection of a slab server needs while it does more than receive, and send what the kernel takes at
 * once. Most connections have none.
 */
export class Unsent {
  /** What is asked of the kernel: RECV, SEND. */
  mask: number;
  /** Copies of ours. */
  #pieces: Uint8Array[] = [];
  #bytes = 0;
  /** Whether what is in the sender was taken from here. */
  taken = false;
  /** write() has returned false. */
  full = false;
  paused = false;
  /** The peer has ended its half. */
  ended = false;
  /** Our half is to be ended when all is sent. */
  ending = false;
  /** Our half is ended. */
  finished = false;

  constructor(mask: number) {
    this.mask = mask;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Whether there is nothing to remember. `mask`: what a connection usually asks for. */
  isPlain(mask: number): boolean {
    return (
      this.mask === mask &&
      this.#bytes === 0 &&
      !(this.taken || this.full || this.paused || this.ended || this.ending)
    );
  }

  push(copy: Uint8Array): void {
    this.#pieces.push(copy);
    this.#bytes += copy.length;
  }

  /** What was not sent comes first again. */
  putBack(pieces: readonly Uint8Array[]): void {
    this.#pieces = [...pieces, ...this.#pieces];
    for (const piece of pieces) this.#bytes += piece.length;
  }

  /** The next to be sent; at least one piece, if there is any. */
  take(): readonly Uint8Array[] {
    let count = 0;
    let bytes = 0;
    for (const { length } of this.#pieces) {
      if (count > 0 && bytes + length > MOST_AT_ONCE) break;
      bytes += length;
      count += 1;
    }
    this.#bytes -= bytes;
    return this.#pieces.splice(0, count);
  }
}
