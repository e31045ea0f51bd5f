// What it costs to watch a tree.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { interleave, program, runPinned } from '../measure/child.js';
import { median, ratio } from '../measure/numbers.js';
import { makeTree } from '../measure/tree.js';

const CHANGES = 5000;
const RATE = 1000;
const REPETITIONS = 3;
const SEED = 7;
const KEVENT = 'kevent, watch()';
const INITIAL = 'kevent, watch(), initial';
const CHOKIDAR = 'chokidar';
const PARCEL = '@parcel/watcher';
const PEERS = { [KEVENT]: 'kevent', [INITIAL]: 'kevent-initial', [CHOKIDAR]: 'chokidar', [PARCEL]: 'parcel' };

export const watch = {
  name: 'watch',
  title: 'Watching a tree',

  /** @returns {Promise<import('../report/result.js').Result>} */
  async measure() {
    const measured = [
      'A tree of 1,000 directories with 20 files in each. Start: CPU time of the whole process, threads and kernel included, from the call until everything is watched.',
      `Steady state: the same from the first to the last of ${CHANGES.toLocaleString('en-US')} changes, which another process on another core makes, ${RATE.toLocaleString('en-US')} a second, after 5,000 for the compiler. 8 of 10 append to a file, one makes a file, one removes it again.`,
      `${PARCEL} tells in batches, 50 ms after a change at the earliest, and leaves out what is made and removed within that time; kevent tells of each change.`,
    ];
    const folder = mkdtempSync(join(tmpdir(), 'kevent-bench-'));
    /** @type {Record<string, () => Promise<any>>} */
    const peers = {};
    for (const [label, peer] of Object.entries(PEERS)) {
      let round = 0;
      peers[label] = async () => {
        round += 1;
        const root = join(folder, `${peer} ${round}`);
        makeTree(root);
        const settings = [peer, root, SEED, CHANGES, RATE, 0].map(String);
        const result = await runPinned([process.execPath, program('watching.js'), ...settings]);
        rmSync(root, { recursive: true });
        return result;
      };
    }
    const runs = await interleave(peers, REPETITIONS);
    rmSync(folder, { recursive: true });
    const start = (/** @type {string} */ peer) => runs[peer].map((one) => one.start / 1000);
    const steady = (/** @type {string} */ peer) => runs[peer].map((one) => one.steady / CHANGES);
    const told = (/** @type {string} */ peer) => Math.round(median(runs[peer].map((one) => one.told)));
    const figures = [
      ...Object.keys(PEERS).map((peer) => ({
        label: `start: ${peer}`,
        value: median(start(peer)),
        unit: 'CPU ms',
      })),
      ...[KEVENT, CHOKIDAR, PARCEL].map((peer) => ({
        label: `steady state: ${peer}`,
        value: median(steady(peer)),
        unit: 'CPU µs per change',
        detail: `${told(peer).toLocaleString('en-US')} events`,
      })),
    ];
    const checks = [
      { peer: CHOKIDAR, most: 0.5 },
      { peer: PARCEL, most: 1 },
    ].flatMap(({ peer, most }) => [
      { label: 'start: kevent', value: ratio(start(KEVENT), start(peer)), unit: `x ${peer}`, most },
      { label: 'steady state: kevent', value: ratio(steady(KEVENT), steady(peer)), unit: `x ${peer}`, most },
    ]);
    const charts = ['CPU ms', 'CPU µs per change'];
    return { name: this.name, title: this.title, measured, figures, checks, skipped: [], charts };
  },
};
