// A queue with a ring, a pipe, and what is done with them, recorded: kevent/raw, because there nothing happens by itself.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import {
  createRing,
  KEVENT_CTL_ADD,
  KEVENT_CTL_MODIFY,
  KEVENT_CTL_READY,
  KEVENT_PIPE,
  KEVENT_RET_DONE,
  KEVENT_SOCKET_RECV,
  KEVENT_UNOTIFY,
  kevent_claim,
  kevent_close,
  kevent_commit,
  kevent_consumer_open,
  kevent_ctl,
  kevent_finish,
  kevent_init,
  kevent_wait,
  RING_HEADER,
  readUkevent,
  UKEVENT_SIZE,
  writeUkevent,
} from 'kevent/raw';

import { NOTHING } from './recording.js';

const SIZE = 8;
/** Nanoseconds, for what happens at once. */
const PATIENCE = 10_000_000_000n;

/** A pipe whose two ends are one fd. */
function openPipe() {
  const folder = mkdtempSync(join(tmpdir(), 'kevent-'));
  const path = join(folder, 'pipe');
  execFileSync('mkfifo', [path]);
  const fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  rmSync(folder, { recursive: true });
  return fd;
}

/** Where a scenario plays. */
export class Stage {
  #ring = createRing(SIZE);
  #slots = new Uint8Array(this.#ring, RING_HEADER);
  #queue = kevent_init(this.#ring, SIZE);
  #pipe = openPipe();
  #waiting = '';
  #seen = 0;
  /** @type {Map<string, { consumer: number, position: number, count: number }>} */
  #consumers = new Map();

  /** @param {import('./recording.js').Recording} recording */
  constructor(recording) {
    this.recording = recording;
  }

  close() {
    kevent_close(this.#queue);
    closeSync(this.#pipe);
  }

  /** @param {string} text */
  write(text) {
    this.#waiting += text.slice(0, writeSync(this.#pipe, text));
    this.#step(`write ${text}`);
  }

  /** @param {number} length */
  read(length) {
    const bytes = Buffer.alloc(length);
    const text = bytes.toString('latin1', 0, readSync(this.#pipe, bytes));
    this.#waiting = this.#waiting.slice(text.length);
    this.#step(`read ${text}`);
  }

  /**
   * Adds a kevent on the pipe for each lane, or a user event that all lanes look at.
   *
   * @param {'pipe' | 'user'} origin
   * @param {number[]} flags of each
   */
  add(origin, flags) {
    const { lanes } = this.recording;
    const entries = this.#entries(origin, flags);
    kevent_ctl(this.#queue, KEVENT_CTL_ADD, flags.length, entries);
    /** @type {Record<string, string>} */
    const seen = {};
    flags.forEach((_, index) => {
      const done = (readUkevent(entries, index).ret_flags & KEVENT_RET_DONE) !== 0;
      if (done) seen[lanes[index]] = 'handed back';
    });
    this.#step('ADD', seen);
  }

  /**
   * @param {'pipe' | 'user'} origin
   * @param {number} flags
   * @param {string} action what that means
   */
  modify(origin, flags, action) {
    kevent_ctl(this.#queue, KEVENT_CTL_MODIFY, 1, this.#entries(origin, [flags]));
    this.#step(action);
  }

  /** @param {'pipe' | 'user'} origin */
  ready(origin) {
    kevent_ctl(this.#queue, KEVENT_CTL_READY, 1, this.#entries(origin, [0]));
    this.#step('READY');
  }

  /** Asks for events, and does not wait for them. */
  ask() {
    const { lanes } = this.recording;
    /** @type {Record<string, string>} */
    const seen = Object.fromEntries(lanes.map((lane) => [lane, NOTHING]));
    const moved = kevent_wait(this.#queue, SIZE, this.#seen % SIZE, 0n);
    for (let i = 0; i < moved; i += 1, this.#seen += 1) {
      const { user, type, ret_data } = readUkevent(this.#slots, this.#seen % SIZE);
      const lane = lanes[user[0]];
      seen[lane] = type === KEVENT_UNOTIFY ? `event, count ${ret_data[0]}` : 'event';
      this.recording.hold(lane);
    }
    this.#step('ask', seen);
  }

  /** Has the queue look at its origins: what is ready is then on its ready list, and not yet delivered. */
  collect() {
    kevent_wait(this.#queue, 0, this.#seen % SIZE, PATIENCE);
    this.#step('collect');
  }

  commit() {
    kevent_commit(this.#queue, this.#seen % SIZE, Math.floor(this.#seen / SIZE));
    for (const lane of this.recording.lanes) this.recording.release(lane);
    this.#step('commit');
  }

  /** Every lane is a consumer from now on. */
  join() {
    for (const lane of this.recording.lanes) {
      this.#consumers.set(lane, { consumer: kevent_consumer_open(this.#queue), position: 0, count: 0 });
    }
  }

  /** @param {string} lane a consumer, which asks for events */
  claim(lane) {
    const { consumer } = this.#consumer(lane);
    const { position, count } = kevent_claim(this.#queue, consumer, 1, 0n);
    this.#consumers.set(lane, { consumer, position, count });
    if (count > 0) this.recording.hold(lane);
    this.#step(`${lane} asks`, { [lane]: count > 0 ? 'event' : NOTHING });
  }

  /** @param {string} lane a consumer, which is done with what it had */
  finish(lane) {
    const { consumer, position, count } = this.#consumer(lane);
    kevent_finish(this.#queue, consumer, position, count);
    this.recording.release(lane);
    this.#step(`${lane} is done`);
  }

  /** @param {string} lane */
  #consumer(lane) {
    const found = this.#consumers.get(lane);
    if (found === undefined) throw new Error(`${lane} has not joined`);
    return found;
  }

  /**
   * @param {'pipe' | 'user'} origin
   * @param {number[]} flags
   */
  #entries(origin, flags) {
    const entries = new Uint8Array(flags.length * UKEVENT_SIZE);
    flags.forEach((req_flags, index) => {
      const what =
        origin === 'pipe'
          ? { type: KEVENT_PIPE, id: this.#pipe, event: KEVENT_SOCKET_RECV }
          : { type: KEVENT_UNOTIFY };
      writeUkevent(entries, index, { ...what, req_flags, user: index });
    });
    return entries;
  }

  /**
   * @param {string} action
   * @param {Record<string, string>} [seen]
   */
  #step(action, seen) {
    this.recording.origin = this.#waiting;
    this.recording.step(action, seen);
  }
}
