// h2load, a load of HTTP/2.
import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';

import { pinned } from './child.js';
import { cpuTime } from './native.js';
import { withServer } from './serving.js';

const execute = promisify(execFile);
const WARM_S = 1;
const RUN_S = 2;

/** Why it cannot be used, if it cannot. */
export function h2loadMissing() {
  const { error } = spawnSync('h2load', ['--version']);
  return error === undefined ? undefined : 'h2load, of nghttp2-client, is not installed';
}

/**
 * What a server of HTTP/2 without TLS does under h2load, after a second to warm up.
 *
 * @param {string[]} server
 * @param {number} connections
 * @param {number} streams - requests under way on each connection
 * @returns {Promise<{units: number, seconds: number, serverCpuMicroseconds: number}>}
 */
export function measureH2load(server, connections, streams) {
  return withServer(server, async ({ port, pid }) => {
    const load = async (/** @type {number} */ seconds) => {
      const [file, ...args] = pinned(1, [
        ...['h2load', '--clients', String(connections), '--max-concurrent-streams', String(streams)],
        ...['--duration', String(seconds), `http://127.0.0.1:${port}/`],
      ]);
      const { stdout } = await execute(file, args);
      return stdout;
    };
    await load(WARM_S);
    const before = await cpuTime(pid);
    const printed = await load(RUN_S);
    const serverCpuMicroseconds = (await cpuTime(pid)) - before;
    const [, succeeded, failed] = /(\d+) succeeded, (\d+) failed/.exec(printed) ?? [];
    if (failed !== '0') throw new Error(`h2load saw ${failed} requests fail\n${printed}`);
    return { units: Number(succeeded), seconds: RUN_S, serverCpuMicroseconds };
  });
}
