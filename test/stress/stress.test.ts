import { Worker } from 'node:worker_threads';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';

import {
  createRing,
  KEVENT_CTL_ADD,
  KEVENT_CTL_READY,
  KEVENT_POLL,
  KEVENT_POLL_POLLIN,
  KEVENT_UNOTIFY,
  kevent_close,
  kevent_ctl,
  kevent_init,
  kevent_stats,
  UKEVENT_SIZE,
  type UkeventFields,
  writeUkevent,
} from '../../lib/raw.js';
import { Fifo } from '../raw/fifo.js';
import {
  ARRIVED,
  EDGE,
  EDGE_PIPE,
  isEdge,
  KINDS,
  LEVEL,
  LEVEL_PIPE,
  ONCE_ARRIVED,
  PER_KIND,
  STOP,
  TWICE,
} from './programs/account.js';

// KEVENT_STRESS=full for ten times as many.
const SCENES = 12;
const TOTAL = process.env['KEVENT_STRESS'] === 'full' ? 60_000_000 : 6_000_000;
const PER_SCENE = TOTAL / SCENES;
const STALLED = 20_000;

type Way = 'claim' | 'wait' | 'get_events';

const pipes: Fifo[] = [];
beforeAll(() => {
  for (let i = 0; i < 2 * PER_KIND; i += 1) pipes.push(new Fifo());
});
afterAll(() => {
  for (const pipe of pipes) pipe.close();
});

const workers = new Set<Worker>();
afterEach(async () => {
  await Promise.all([...workers].map((worker) => worker.terminate()));
  workers.clear();
});

/** Settles when the worker has gone, however that came. */
function end(worker: Worker): Promise<number> {
  return new Promise((resolve, reject) => {
    worker.once('error', reject);
    worker.once('exit', resolve);
  });
}

/** A queue with its kevents, and the account that the workers share. */
class Scene {
  readonly size: number;
  readonly ring: SharedArrayBuffer | null;
  readonly fd: number;
  readonly counters = new Int32Array(new SharedArrayBuffer(64));
  readonly once: Int32Array;
  readonly each = Math.floor(PER_SCENE / KINDS);

  constructor(size: number) {
    this.size = size;
    this.ring = size === 0 ? null : createRing(size);
    this.fd = kevent_init(this.ring, size);
    this.once = new Int32Array(new SharedArrayBuffer(4 * this.each));
    const kevents: UkeventFields[] = [];
    for (let which = 0; which < PER_KIND; which += 1) {
      for (const kind of [LEVEL, EDGE]) {
        kevents.push({ type: KEVENT_UNOTIFY, id: kind, req_flags: isEdge(kind), user: [kind, which] });
      }
      for (const kind of [LEVEL_PIPE, EDGE_PIPE]) {
        const id = pipes[(kind - LEVEL_PIPE) * PER_KIND + which]?.fd ?? -1;
        const event = KEVENT_POLL_POLLIN;
        kevents.push({ type: KEVENT_POLL, id, event, req_flags: isEdge(kind), user: [kind, which] });
      }
    }
    const entries = new Uint8Array(kevents.length * UKEVENT_SIZE);
    kevents.forEach((fields, at) => {
      writeUkevent(entries, at, fields);
    });
    expect(kevent_ctl(this.fd, KEVENT_CTL_ADD, kevents.length, entries)).toBe(kevents.length);
  }

  get expected(): number {
    return this.each * KINDS;
  }

  worker(program: string, data: object): Worker {
    const { ring, fd, size, counters, once } = this;
    const workerData = { ring, fd, size, counters, once, pipes: pipes.map((pipe) => pipe.fd), ...data };
    const worker = new Worker(new URL(`programs/${program}.js`, import.meta.url), {
      workerData,
      execArgv: [],
    });
    workers.add(worker);
    return worker;
  }

  /** One occurrence more than `expected`, so that there is one to arrive beforehand. */
  occur(): void {
    Atomics.sub(this.counters, ARRIVED, 1);
    const entry = new Uint8Array(UKEVENT_SIZE);
    writeUkevent(entry, 0, { type: KEVENT_UNOTIFY, id: LEVEL, user: [LEVEL, 0] });
    kevent_ctl(this.fd, KEVENT_CTL_READY, 1, entry);
  }

  producers(): Worker[] {
    return [
      this.worker('producer', { sort: 'user', total: 2 * this.each }),
      this.worker('producer', { sort: 'once', total: this.each }),
      this.worker('producer', { sort: 'pipe', total: 2 * this.each }),
    ];
  }

  /** Until every occurrence has arrived. */
  async #complete(): Promise<void> {
    let before = 0;
    let since = Date.now();
    for (;;) {
      const arrived = Atomics.load(this.counters, ARRIVED);
      if (arrived >= this.expected) return;
      if (arrived !== before) since = Date.now();
      before = arrived;
      if (Date.now() - since > STALLED) {
        throw new Error(`${arrived} of ${this.expected} have arrived: ${JSON.stringify(this.stats())}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }

  /** Produces everything, until it has arrived. `waiting` may fail, but not end. */
  async produce(waiting: Promise<unknown>): Promise<void> {
    const ended = waiting.then(() => {
      throw new Error('the waiting workers have ended');
    });
    await Promise.race([Promise.all([...this.producers().map(end), this.#complete()]), ended]);
    ended.catch(() => {});
  }

  stats(): Record<string, number> {
    return Object.fromEntries(
      Object.entries(kevent_stats(this.fd)).map(([name, value]) => [name, Number(value)]),
    );
  }

  /** Each token lets one of the waiting workers go. */
  stop(workers: number): void {
    Atomics.store(this.counters, STOP, 1);
    for (let i = 0; i < workers; i += 1) kevent_ctl(this.fd, KEVENT_CTL_READY, 0, null);
  }

  verify(): void {
    expect(this.counters[TWICE]).toBe(0);
    expect(this.counters[ONCE_ARRIVED]).toBe(this.each);
    expect(this.once.every((times) => times === 1)).toBe(true);
    expect(this.counters[ARRIVED]).toBe(this.expected);
  }
}

async function run(size: number, waiters: number, way: Way): Promise<void> {
  const scene = new Scene(size);
  const waiting = Promise.all(Array.from({ length: waiters }, () => end(scene.worker('waiter', { way }))));
  await scene.produce(waiting);
  scene.stop(waiters);
  await waiting;
  scene.verify();
  kevent_close(scene.fd);
}

describe.sequential('nothing is lost and nothing comes twice', () => {
  for (const size of [2, 3, 64, 4096]) {
    for (const waiters of [1, 3]) {
      const who = waiters === 1 ? 'one waiting worker' : `${waiters} waiting workers`;
      it(
        `from worker threads through a ring of ${size} to ${who} that claim`,
        () => run(size, waiters, 'claim'),
        120_000,
      );
    }
  }
  it('to one worker in kevent_wait, which commits', () => run(64, 1, 'wait'), 120_000);
  it('to workers in kevent_wait that commit behind each other', () => run(3, 3, 'wait'), 120_000);
  it('to one worker in kevent_get_events, without a ring', () => run(0, 1, 'get_events'), 120_000);
  it('to workers in kevent_get_events, without a ring', () => run(0, 3, 'get_events'), 120_000);

  it('when a worker is terminated with claimed slots in hand', async () => {
    const scene = new Scene(64);
    const holder = scene.worker('waiter', { way: 'hold' });
    const gone = end(holder);
    const held = new Promise((resolve) => {
      holder.once('message', resolve);
    });
    scene.occur();
    expect(await held).toBe(1);
    await holder.terminate();
    await gone;
    const waiting = end(scene.worker('waiter', { way: 'claim' }));
    await scene.produce(waiting);
    scene.stop(1);
    await waiting;
    scene.verify();
    kevent_close(scene.fd);
  }, 120_000);
});
