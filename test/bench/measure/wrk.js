// wrk, a load of HTTP.
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

import { pinned, program } from './child.js';
import { cpuTime } from './native.js';
import { withServer } from './serving.js';

const execute = promisify(execFile);
const WARM = '1s';
const RUN = '2s';
/**
 * Each opens and closes connections, and what that does once is compiled only when it was done often: with one of these, the
 * compiler had the last word on the 99th percentile of all.
 */
const WARM_RUNS = 4;

/** Why it cannot be used, if it cannot. */
export function wrkMissing() {
  return spawnSync('wrk', ['--version']).error === undefined ? undefined : 'wrk is not installed';
}

/**
 * What a server of HTTP does under wrk, after some runs to warm up.
 *
 * @param {string[]} server
 * @param {number} connections
 * @param {{warmRuns?: number}} [options] - each of a second
 * @returns {Promise<{units: number, seconds: number, serverCpuMicroseconds: number, p50: number, p99: number}>}
 */
export function measureWrk(server, connections, { warmRuns = WARM_RUNS } = {}) {
  return withServer(server, async ({ port, pid }) => {
    const wrk = (/** @type {string} */ duration) => [
      ...['wrk', '--threads', '1', '--connections', String(connections), '--duration', duration],
      ...['--timeout', '10s', '--script', program('wrk-report.lua'), `http://127.0.0.1:${port}/`],
    ];
    for (let run = 0; run < warmRuns; run += 1) await output(pinned(1, wrk(WARM)));
    const before = await cpuTime(pid);
    const printed = await output(pinned(1, wrk(RUN)));
    const serverCpuMicroseconds = (await cpuTime(pid)) - before;
    const { requests, seconds, p50, p99, errors } = JSON.parse(printed.trim().split('\n').at(-1) ?? '');
    if (errors > 0) throw new Error(`wrk saw ${errors} errors\n${printed}`);
    return { units: requests, seconds, serverCpuMicroseconds, p50, p99 };
  });
}

async function output(/** @type {string[]} */ command) {
  const [file, ...args] = command;
  const { stdout } = await execute(file, args);
  return stdout;
}
