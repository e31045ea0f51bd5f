import { outOfRange } from '../abi/errors.js';
import { Deque } from '../streams/deque.js';

const NEWLINE = 0x0a;
const RETURN = 0x0d;

/**
 * Bytes into lines. A newline is one byte in UTF-8, and that byte is never part of another character: so lines are
 * cut as bytes, and decoded whole.
 */
export class LineSplitter {
  readonly lines = new Deque<string>();
  readonly #longest: number;
  readonly #encoding: BufferEncoding;
  /** The beginning of a line, in pieces: to join them at each chunk would take quadratic time. */
  #pieces: Uint8Array[] = [];
  #length = 0;

  constructor(longest: number, encoding: BufferEncoding) {
    this.#longest = longest;
    this.#encoding = encoding;
  }

  /** @throws ERR_OUT_OF_RANGE if a line is too long; the lines before it are there */
  add(chunk: Uint8Array): void {
    let from = 0;
    for (;;) {
      const to = chunk.indexOf(NEWLINE, from);
      if (to < 0) break;
      this.#keep(chunk.subarray(from, to));
      this.#cut();
      from = to + 1;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  /** A last line without a newline is a line. */
  end(): void {
    if (this.#length > 0) this.#cut();
  }

  #keep(piece: Uint8Array): void {
    this.#length += piece.length;
    if (this.#length > this.#longest) {
      const length = this.#length;
      this.#pieces = [];
      this.#length = 0;
      throw outOfRange('line length', `<= ${this.#longest} bytes, as options.maxLength says`, length);
    }
    this.#pieces.push(piece);
  }

  #cut(): void {
    const [only] = this.#pieces;
    const line = this.#pieces.length === 1 && only !== undefined ? only : Buffer.concat(this.#pieces);
    const length = line[line.length - 1] === RETURN ? line.length - 1 : line.length;
    const buffer = Buffer.from(line.buffer, line.byteOffset, length);
    this.lines.push(buffer.toString(this.#encoding));
    this.#pieces = [];
    this.#length = 0;
  }
}
