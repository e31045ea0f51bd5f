import { binding, SEND_BUFFER, SEND_MORE, SEND_WORDS } from '../abi/binding.js';

const ARENA_SIZE = 256 * 1024;
/** Chunks up to this are copied into the arena: a piece more for the kernel to look at costs as much. */
const MOST_COPIED = 4096;
/** UTF-8 needs at most three bytes for each unit of a string. */
const MOST_BYTES_PER_UNIT = 3;
/** Bytes of a group that are sent at once; no sendmsg takes more than 2 GiB, and a sum of more would not fit into a word. */
const MOST_OF_GROUP = 2 ** 30;
const FROM = 1;
const LENGTH = 2;
const FLAGS = 3;
/** Words of a group: its first entry, the length of that, and of all. */
const GROUP_WORDS = 3;
const FIRST = 0;
const FIRST_LENGTH = 1;
const TOTAL = 2;
/** In place of what is not needed any more. */
const RESULT = FIRST_LENGTH;
/** Milliseconds of sending, and of those who go on writing when something is sent, without a turn of the event loop. */
const LONGEST_TURN = 4;
const ASKED_PER_LOOK = 8;
/** Groups and entries that there is room for from the start. */
const FEW = 256;

/** Who sends: told, once for each group of pieces, what became of it. */
export interface Sending {
  /** `result`: bytes that the kernel took, of `total`; or a negative errno. `rest`: what it did not take. */
  sent(result: number, total: number, rest: readonly Uint8Array[]): void;
}

const NOTHING: readonly Uint8Array[] = [];

function larger(words: Int32Array): Int32Array<ArrayBuffer> {
  const twice = new Int32Array(words.length * 2);
  twice.set(words);
  return twice;
}

/** What is sent in one go. There are two: who is told what became of one may write into the other. */
class Round {
  words = new Int32Array(FEW * SEND_WORDS);
  groups = new Int32Array(FEW * GROUP_WORDS);
  readonly owners: (Sending | undefined)[] = [];
  /** What chunks that are sent from where they are lie in. */
  readonly buffers: Uint8Array[] = [];
  /** What is beyond {@link MOST_OF_GROUP}, by group. */
  readonly beyond = new Map<number, Uint8Array[]>();
}

/**
 * What is to be sent in this turn of the event loop: it goes to the kernel in one native call. Strings and small
 * chunks are written into one arena, larger chunks are sent from where they are.
 */
export class Sender {
  readonly #arena = Buffer.allocUnsafeSlow(ARENA_SIZE);
  readonly #schedule: (late: boolean) => void;
  #round = new Round();
  #other = new Round();
  #entries = 0;
  #groups = 0;
  /** Of the arena. */
  #used = 0;
  #fd = -1;
  #scheduled = false;
  /** Of performance.now(): when the clock was looked at first in this turn; 0 if it was not. */
  #since = 0;
  #asked = 0;
  #late = false;

  /** @param schedule - sees to it that {@link flush} is called, soon or, if it is `late`, in the next turn */
  constructor(schedule: (late: boolean) => void) {
    this.#schedule = schedule;
  }

  /** Whether the event loop should have a turn before more is sent. The clock is not looked at each time. */
  get isLate(): boolean {
    this.#asked += 1;
    if (this.#asked % ASKED_PER_LOOK === 0) {
      const now = performance.now();
      if (this.#since === 0) this.#since = now;
      this.#late = now - this.#since > LONGEST_TURN;
    }
    return this.#late;
  }

  beginTurn(): void {
    this.#asked = this.#since = 0;
    this.#late = false;
  }

  /** Begins a group: the pieces that follow are `owner`'s, sent by one sendmsg. One group of an owner at a time. */
  begin(owner: Sending, fd: number): void {
    const group = this.#groups;
    const round = this.#round;
    const base = group * GROUP_WORDS;
    if (base === round.groups.length) round.groups = larger(round.groups);
    round.owners[group] = owner;
    round.groups[base + FIRST] = this.#entries;
    round.groups[base + FIRST_LENGTH] = round.groups[base + TOTAL] = 0;
    this.#groups = group + 1;
    this.#fd = fd;
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#schedule(this.isLate);
  }

  /** Whether the pieces that come next would be of `owner`'s group. */
  isAt(owner: Sending): boolean {
    return this.#groups > 0 && this.#round.owners[this.#groups - 1] === owner;
  }

  /** Of the group that pieces are added to. */
  get bytesAtLast(): number {
    return this.#round.groups[(this.#groups - 1) * GROUP_WORDS + TOTAL] ?? 0;
  }

  /** @returns its length in bytes */
  string(text: string, encoding: BufferEncoding): number {
    const most = text.length * MOST_BYTES_PER_UNIT;
    if (most > ARENA_SIZE - this.#used) return this.#add(Buffer.from(text, encoding));
    const from = this.#used;
    const length = this.#arena.write(text, from, encoding);
    this.#used = from + length;
    this.#piece(from, length, 0);
    return length;
  }

  /** @returns their number */
  bytes(chunk: Uint8Array): number {
    const { length } = chunk;
    if (!this.copies(length)) return this.#add(chunk);
    const from = this.#used;
    this.#arena.set(chunk, from);
    this.#used = from + length;
    this.#piece(from, length, 0);
    return length;
  }

  /** Whether {@link bytes} copies a chunk of that length. */
  copies(length: number): boolean {
    return length <= MOST_COPIED && length <= ARENA_SIZE - this.#used;
  }

  /** A chunk that is sent from where it is, in a buffer that others may be in too: that is looked up once for all of them. */
  part(buffer: Uint8Array, from: number, length: number): void {
    const { buffers } = this.#round;
    if (buffers.length === 0 || buffers[buffers.length - 1] !== buffer) buffers.push(buffer);
    this.#piece(from, length, buffers.length * SEND_BUFFER);
  }

  /** Sends at once. Bytes that the kernel took, or a negative errno. Not while a group of the same descriptor waits. */
  now(fd: number, chunk: Uint8Array): number {
    return binding().socketSend(fd, chunk);
  }

  /**
   * Sends what `owner` has at once, as far as the kernel takes it, and tells nobody: `owner` is about to end.
   *
   * @returns whether the kernel has taken all of it
   */
  finish(owner: Sending): boolean {
    const group = this.#round.owners.lastIndexOf(owner);
    if (group < 0) return true;
    const { words, groups, buffers } = this.#round;
    const base = group * GROUP_WORDS;
    const first = groups[base + FIRST] ?? 0;
    const end = this.#end(group);
    if (end > first)
      binding().naioSend(words.subarray(first * SEND_WORDS), end - first, this.#arena, buffers);
    const all = end === first || words[first * SEND_WORDS + LENGTH] === groups[base + TOTAL];
    this.forget(owner);
    return all;
  }

  /** Nothing of `owner` is sent any more: its descriptor is about to be somebody else's. */
  forget(owner: Sending): void {
    const { owners, groups, words } = this.#round;
    const group = owners.lastIndexOf(owner);
    if (group < 0) return;
    owners[group] = undefined;
    const first = groups[group * GROUP_WORDS + FIRST] ?? 0;
    if (this.#end(group) > first) words[first * SEND_WORDS] = -1;
  }

  flush(): void {
    const count = this.#groups;
    this.#scheduled = false;
    if (count === 0) return;
    const round = this.#round;
    const { words, groups, owners } = round;
    binding().naioSend(words, this.#entries, this.#arena, round.buffers);
    let rests: (readonly Uint8Array[])[] | undefined;
    for (let group = 0; group < count; group += 1) {
      const base = group * GROUP_WORDS;
      const total = groups[base + TOTAL] ?? 0;
      const first = groups[base + FIRST] ?? 0;
      const result = total === 0 ? 0 : (words[first * SEND_WORDS + LENGTH] ?? 0);
      if (result !== total && owners[group] !== undefined) {
        rests ??= [];
        rests[group] = [...this.#rest(group, Math.max(result, 0)), ...(round.beyond.get(group) ?? NOTHING)];
      }
      groups[base + RESULT] = result;
    }
    this.#round = this.#other;
    this.#other = round;
    this.#entries = this.#groups = this.#used = 0;
    for (let group = 0; group < count; group += 1) {
      const base = group * GROUP_WORDS;
      const owner = owners[group];
      if (owner === undefined) continue;
      owners[group] = undefined;
      try {
        owner.sent(groups[base + RESULT] ?? 0, groups[base + TOTAL] ?? 0, rests?.[group] ?? NOTHING);
      } catch (error) {
        // To 'uncaughtException', but not before the others have heard.
        process.nextTick(() => {
          throw error;
        });
      }
    }
    if (round.buffers.length > 0) round.buffers.length = 0;
    if (round.beyond.size > 0) round.beyond.clear();
  }

  #add(chunk: Uint8Array): number {
    this.part(chunk, 0, chunk.length);
    return chunk.length;
  }

  #piece(from: number, length: number, flags: number): void {
    const round = this.#round;
    const { groups } = round;
    const group = (this.#groups - 1) * GROUP_WORDS;
    const entry = this.#entries;
    const first = groups[group + FIRST] ?? 0;
    const total = (groups[group + TOTAL] ?? 0) + length;
    if (total > MOST_OF_GROUP) {
      this.#beyond(from, length, flags);
      return;
    }
    groups[group + TOTAL] = total;
    let { words } = round;
    const base = entry * SEND_WORDS;
    if (base === words.length) words = round.words = larger(words);
    if (entry > first) {
      const last = base - SEND_WORDS;
      const follows = (words[last + FROM] ?? 0) + (words[last + LENGTH] ?? 0) === from;
      if (follows && words[last + FLAGS] === flags) {
        const joined = (words[last + LENGTH] ?? 0) + length;
        words[last + LENGTH] = joined;
        if (entry - 1 === first) groups[group + FIRST_LENGTH] = joined;
        return;
      }
      words[last + FLAGS] = (words[last + FLAGS] ?? 0) | SEND_MORE;
    } else {
      groups[group + FIRST_LENGTH] = length;
    }
    words[base] = this.#fd;
    words[base + FROM] = from;
    words[base + LENGTH] = length;
    words[base + FLAGS] = flags;
    this.#entries = entry + 1;
  }

  /** From the first of these pieces on, the group is one that is never sent wholly: its total is what no result can be. */
  #beyond(from: number, length: number, flags: number): void {
    const { groups, beyond } = this.#round;
    const group = this.#groups - 1;
    const at = group * GROUP_WORDS + TOTAL;
    const room = Math.max(MOST_OF_GROUP - (groups[at] ?? 0), 0);
    if (room > 0) this.#piece(from, room, flags);
    groups[at] = MOST_OF_GROUP + 1;
    const pieces = beyond.get(group) ?? [];
    beyond.set(group, pieces);
    pieces.push(this.#bytesAt(from + room, length - room, flags));
  }

  /** Out of the arena's way. */
  #bytesAt(from: number, length: number, flags: number): Uint8Array {
    const buffer = this.#round.buffers[Math.trunc(flags / SEND_BUFFER) - 1];
    if (buffer !== undefined) return buffer.subarray(from, from + length);
    return Uint8Array.prototype.slice.call(this.#arena, from, from + length);
  }

  /** Where the entries of the next group begin. */
  #end(group: number): number {
    if (group + 1 >= this.#groups) return this.#entries;
    return this.#round.groups[(group + 1) * GROUP_WORDS + FIRST] ?? 0;
  }

  /** What is left of a group behind so many bytes, out of the arena's way. */
  #rest(group: number, sent: number): Uint8Array[] {
    const rest: Uint8Array[] = [];
    const { words, groups } = this.#round;
    const first = groups[group * GROUP_WORDS + FIRST] ?? 0;
    const end = this.#end(group);
    let skip = sent;
    for (let entry = first; entry < end; entry += 1) {
      const base = entry * SEND_WORDS;
      const from = words[base + FROM] ?? 0;
      // Of the first entry, the result has taken the length's place.
      const length = entry === first ? this.#firstLength(group) : (words[base + LENGTH] ?? 0);
      if (skip >= length) {
        skip -= length;
        continue;
      }
      rest.push(this.#bytesAt(from + skip, length - skip, words[base + FLAGS] ?? 0));
      skip = 0;
    }
    return rest;
  }

  #firstLength(group: number): number {
    return this.#round.groups[group * GROUP_WORDS + FIRST_LENGTH] ?? 0;
  }
}
