// watching.js PEER ROOT SEED CHANGES RATE [CORE]
//
// Watches a tree by PEER, until it says that it is ready; then another process makes CHANGES, RATE a second, or
// as fast as it can if that is 0. CPU time of this process in µs, all threads: `start`, from the call until it is ready, and
// `steady`, from the first change until it has told of the last one. `told`: of how many it has told.
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';

import { cpuMicroseconds, print } from '../measure/cpu.js';

const [peer, root, seed, changes, rate, core] = process.argv.slice(2);
const MARKERS = ['marker 1', 'marker 2', 'marker 3'];
/** @type {Map<string, () => void>} */
const awaited = new Map();
let told = 0;

/** Resolves when the file is told of. */
function seen(/** @type {string} */ marker) {
  return new Promise((resolve) => awaited.set(join(root, marker), () => resolve(undefined)));
}

function tell(/** @type {string} */ path) {
  told += 1;
  awaited.get(path)?.();
}

/** Each loads its peer, and answers what starts it; that resolves when it is ready. */
const PEERS = {
  async kevent() {
    const { watch } = await import('kevent');
    return async () => {
      const loop = watch(root, { recursive: true })[Symbol.asyncIterator]();
      const first = loop.next();
      void (async () => {
        tell((await first).value?.path ?? '');
        for await (const { path } of loop) tell(path);
      })();
      // It is told of when all that there is has been read.
      const ready = seen(MARKERS[0]);
      writeFileSync(join(root, MARKERS[0]), '');
      await ready;
    };
  },
  async 'kevent-initial'() {
    const { watch } = await import('kevent');
    return () =>
      new Promise((resolve) => {
        void (async () => {
          for await (const { type, path } of watch(root, { recursive: true, initial: true })) {
            if (type === 'ready') resolve(undefined);
            else tell(path);
          }
        })();
      });
  },
  async chokidar() {
    return chokidar(true);
  },
  async 'chokidar-initial'() {
    return chokidar(false);
  },
  async parcel() {
    const { default: parcel } = await import('@parcel/watcher');
    return async () => {
      await parcel.subscribe(root, (error, events) => {
        if (error) throw error;
        for (const { path } of events) tell(path);
      });
    };
  },
};

async function chokidar(/** @type {boolean} */ ignoreInitial) {
  const { watch } = await import('chokidar');
  return () =>
    new Promise((resolve) => {
      watch(root, { ignoreInitial })
        .on('all', (_, path) => tell(path))
        .on('ready', () => resolve(undefined));
    });
}

const program = new URL('./watch-changes.js', import.meta.url).pathname;
const command = [process.execPath, program, root, seed];
if (core !== undefined) command.unshift('taskset', '-c', core);
const writer = spawn(command[0], command.slice(1), { stdio: ['pipe', 'inherit', 'inherit'] });
const start = await PEERS[peer]();
const begin = cpuMicroseconds();
const from = performance.now();
await start();
const started = { start: cpuMicroseconds() - begin, ms: performance.now() - from };

/**
 * Has changes made, and waits until the last has been told of.
 *
 * @param {number} count
 * @param {number} perSecond
 * @param {string} marker
 */
async function change(count, perSecond, marker) {
  const last = seen(marker);
  writer.stdin.write(`${JSON.stringify({ changes: count, rate: perSecond, marker })}\n`);
  await last;
}

// Some first, for the compiler.
await change(5000, 0, MARKERS[1]);
await setTimeout(200);
told = 0;
const before = cpuMicroseconds();
const since = performance.now();
await change(Number(changes), Number(rate), MARKERS[2]);
const steady = { steady: cpuMicroseconds() - before, steadyMs: performance.now() - since };
print({ ...started, ...steady, told });
writer.stdin.end();
process.exit();
