// (n) A file over HTTP.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { installBun } from '../measure/bun.js';
import { interleave, program } from '../measure/child.js';
import { compile } from '../measure/native.js';
import { median, ratio } from '../measure/numbers.js';
import { measureWrk, wrkMissing } from '../measure/wrk.js';
import { isThere, nodeServer } from './peers.js';

const NODE = 'node:http, createReadStream and pipe';
const SENT = 'kevent/http, sendFile';
const BYTES = 1024 * 1024;
const CONNECTIONS = 20;
const REPETITIONS = 3;
/** A file takes half a millisecond: it is so long until the compiler is through. */
const WARM_RUNS = 6;

const base = {
  name: 'static-file',
  title: 'Static file by sendfile, 1 MiB',
  measured: [
    `wrk keeps one request under way on each of ${CONNECTIONS} connections that are kept alive; the answer is a file of 1 MiB, which is in the page cache.`,
    'The server is on one core, wrk on the other.',
    "CPU time is that of the server's process, once the compiler is through with it.",
  ],
  figures: [],
  checks: [],
};

export const staticFile = { name: base.name, title: base.title, measure };

/** @returns {Promise<import('../report/result.js').Result>} */
async function measure() {
  const missing = wrkMissing() ?? (await compile());
  if (missing !== undefined) return { ...base, skipped: [missing] };
  const folder = await mkdtemp(join(tmpdir(), 'kevent-bench-'));
  try {
    const path = join(folder, 'file');
    await writeFile(path, Buffer.alloc(BYTES, 'kevent '));
    const { peers, skipped } = await servers(path);
    return { ...base, ...result(await interleave(peers, REPETITIONS)), skipped };
  } finally {
    await rm(folder, { recursive: true });
  }
}

function result(/** @type {Record<string, any[]>} */ runs) {
  const throughput = (/** @type {string} */ peer) => runs[peer].map((one) => one.units / one.seconds);
  const p99 = (/** @type {string} */ peer) => runs[peer].map((one) => one.p99);
  const figures = Object.keys(runs).map((peer) => {
    const cpu = median(runs[peer].map((one) => one.serverCpuMicroseconds / one.units));
    const times =
      peer === NODE ? '' : `, ${ratio(throughput(peer), throughput(NODE)).toFixed(2)} x node:http`;
    const detail = `${cpu.toFixed(0)} CPU µs per file, p99 ${(median(p99(peer)) / 1000).toFixed(2)} ms${times}`;
    return { label: peer, value: median(throughput(peer)), unit: 'files a second', detail };
  });
  if (!(SENT in runs)) return { figures };
  const faster = ratio(throughput(SENT), throughput(NODE));
  const checks = [
    { label: `${SENT}: throughput`, value: faster, unit: 'x node:http', least: 1 },
    { label: `${SENT}: p99`, value: ratio(p99(SENT), p99(NODE)), unit: 'x node:http', most: 1 },
  ];
  return { figures, checks };
}

async function servers(/** @type {string} */ path) {
  const skipped = [];
  const on = (/** @type {string} */ module, /** @type {string} */ how) => () =>
    measureWrk(nodeServer('file.js', module, how, path), CONNECTIONS, { warmRuns: WARM_RUNS });
  /** @type {Record<string, () => Promise<any>>} */
  const peers = { [NODE]: on('node:http', 'stream') };
  if (isThere('kevent/http')) {
    peers['kevent/http, createReadStream and pipe'] = on('kevent/http', 'stream');
    peers[SENT] = on('kevent/http', 'sendFile');
  } else {
    skipped.push('kevent/http is not in this version');
  }
  const bun = await installBun();
  if ('path' in bun) {
    peers['Bun.serve, Bun.file'] = () =>
      measureWrk([bun.path, program('servers/file-bun.js'), path], CONNECTIONS, {
        warmRuns: WARM_RUNS,
      });
  } else {
    skipped.push(bun.missing);
  }
  return { peers, skipped };
}
