// What a measured server says and is asked; see measure/serving.js.
import { setTimeout } from 'node:timers/promises';
import { getHeapSpaceStatistics } from 'node:v8';

/** Finalizers, and what a collection has the server do, have many turns of the event loop to themselves. */
const SETTLED_MS = 100;

/** Says where it listens. */
export function listening(/** @type {number} */ port) {
  process.stdout.write(`${JSON.stringify({ port })}\n`);
}

/**
 * Answers each line of input with the memory in use, in bytes: what lives in the JavaScript heap after a
 * full collection, and what is resident outside of that heap.
 *
 * @param {() => number} connections - how many are open
 */
export function tellMemory(/** @type {() => number} */ connections) {
  process.stdin.on('data', async () => {
    for (let i = 0; i < 3; i += 1) {
      /** @type {() => void} */ (globalThis.gc)();
      await setTimeout(SETTLED_MS);
    }
    const { rss, heapUsed } = process.memoryUsage();
    // Not heapTotal: parts of that may never have been touched.
    const heapResident = getHeapSpaceStatistics().reduce((sum, space) => sum + space.physical_space_size, 0);
    const memory = { heap: heapUsed, outside: rss - heapResident, connections: connections() };
    process.stdout.write(`${JSON.stringify(memory)}\n`);
  });
}
