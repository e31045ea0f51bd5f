// (k) What a connection costs that does nothing.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { interleave } from '../measure/child.js';
import { compile, native } from '../measure/native.js';
import { median, ratio } from '../measure/numbers.js';
import { withServer } from '../measure/serving.js';
import { isThere, KEVENT, NODE, nodeServer, SLAB } from './peers.js';

const CONNECTIONS = 10_000;
/** Connections that come and go before, and how often. */
const FIRST = 200;
const WAVES = 20;
const REPETITIONS = 5;

export const idleConnections = {
  name: 'idle-connections',
  title: 'Memory of an idle connection',

  /** @returns {Promise<import('../report/result.js').Result>} */
  async measure() {
    /** @type {import('../report/result.js').Result} */
    const result = {
      name: this.name,
      title: this.title,
      measured: [
        `${CONNECTIONS.toLocaleString('en-US')} connections to an echo server carry one message each and are then held, silent; it counts them. Its listeners are functions that all connections share, so that none of this memory is the program's own.`,
        `${WAVES} times, ${FIRST} connections have come and gone before: compiled code, and what the garbage collector and malloc have kept for themselves, is not memory of a connection.`,
        'By how much, per connection, the memory of its process has grown: what lives in the JavaScript heap after a full collection, and what is resident outside of that heap. The memory of the kernel is the same for all and not in it.',
      ],
      figures: [],
      checks: [],
      skipped: [],
    };
    const missing = await compile();
    if (missing !== undefined) return { ...result, skipped: [missing] };
    /** @type {Record<string, () => Promise<{heap: number, outside: number}>>} */
    const peers = { [NODE]: () => hold(nodeServer('tcp.js', 'node:net', 'echo')) };
    if (isThere('kevent/net')) {
      peers[KEVENT] = () => hold(nodeServer('tcp.js', 'kevent/net', 'echo'));
      peers[SLAB] = () => hold(nodeServer('tcp-slab.js', 'echo'));
    } else {
      result.skipped.push('kevent/net is not in this version');
    }
    const runs = await interleave(peers, REPETITIONS);
    const heap = (/** @type {string} */ peer) => runs[peer].map((one) => one.heap);
    const all = (/** @type {string} */ peer) => runs[peer].map((one) => one.heap + one.outside);
    for (const peer of Object.keys(runs)) {
      const outside = median(runs[peer].map((one) => one.outside));
      const detail = `${Math.round(median(heap(peer)))} in the JavaScript heap, ${Math.round(outside)} outside`;
      result.figures.push({ label: peer, value: median(all(peer)), unit: 'bytes per connection', detail });
    }
    if (!(KEVENT in runs)) return result;
    result.checks.push({ label: KEVENT, value: ratio(all(KEVENT), all(NODE)), unit: `x ${NODE}`, most: 0.5 });
    const label = `${SLAB}: JavaScript heap`;
    result.checks.push({ label, value: median(heap(SLAB)), unit: 'bytes', most: 100 });
    return result;
  },
};

/** Memory per connection of one server. */
function hold(/** @type {string[]} */ server) {
  return withServer(server, async ({ port, ask }) => {
    const countedAs = async (/** @type {(connections: number) => boolean} */ expected) => {
      for (;;) {
        const memory = await ask();
        if (expected(memory.connections)) return memory;
      }
    };
    // The first connections make what all of them share: code, shapes, buffers, the loop.
    for (let wave = 0; wave < WAVES; wave += 1) {
      await whileHeld(port, FIRST, () => countedAs((connections) => connections === FIRST));
      await countedAs((connections) => connections === 0);
    }
    const before = await ask();
    return whileHeld(port, CONNECTIONS, async () => {
      const held = await countedAs((connections) => connections === CONNECTIONS);
      return {
        heap: (held.heap - before.heap) / CONNECTIONS,
        outside: (held.outside - before.outside) / CONNECTIONS,
      };
    });
  });
}

/**
 * @template T
 * @param {number} port
 * @param {number} count
 * @param {() => Promise<T>} use
 */
async function whileHeld(port, count, use) {
  const holder = spawn(native('hold_connections'), [String(port), String(count)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(holder, 'close');
  try {
    await Promise.race([
      once(holder.stdout, 'data'),
      ended.then(([code]) => {
        throw new Error(`hold_connections ended with ${code}`);
      }),
    ]);
    return await use();
  } finally {
    holder.stdin.end();
    await ended;
  }
}
