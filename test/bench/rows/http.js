// (l) HTTP servers.
import { installBun } from '../measure/bun.js';
import { interleave, program } from '../measure/child.js';
import { compile } from '../measure/native.js';
import { median, ratio } from '../measure/numbers.js';
import { measureWrk, wrkMissing } from '../measure/wrk.js';
import { isThere, nodeServer } from './peers.js';

const NODE = 'node:http';
const KEVENT = 'kevent/http';
const BUN = 'Bun.serve';
const REPETITIONS = 3;

/**
 * @typedef {object} Work
 * @property {string} name
 * @property {string} title
 * @property {string} framework - as programs/servers/http.js takes it
 * @property {number} connections
 * @property {number} least - the budget: how many times node:http's throughput
 */

/** @type {Work[]} */
const WORKS = [
  {
    name: 'http-100',
    title: 'HTTP hello, 100 connections',
    framework: 'hello',
    connections: 100,
    least: 1.5,
  },
  {
    name: 'http-1000',
    title: 'HTTP hello, 1,000 connections',
    framework: 'hello',
    connections: 1000,
    least: 1.5,
  },
  {
    name: 'express',
    title: 'Express hello, 100 connections',
    framework: 'express',
    connections: 100,
    least: 1.3,
  },
  {
    name: 'fastify',
    title: 'Fastify hello, 100 connections',
    framework: 'fastify',
    connections: 100,
    least: 1.5,
  },
];

export const httpRows = WORKS.map((work) => ({
  name: work.name,
  title: work.title,
  measure: () => measure(work),
}));

/** @returns {Promise<import('../report/result.js').Result>} */
async function measure(/** @type {Work} */ { name, title, framework, connections, least }) {
  const measured = [
    `wrk keeps one request under way on each of ${connections.toLocaleString('en-US')} connections that are kept alive; the answer is "Hello, world!".`,
    'The server is on one core, wrk on the other. It has had four such runs of a second before.',
    "CPU time is that of the server's process.",
  ];
  const base = { name, title, measured, figures: [], checks: [] };
  const missing =
    wrkMissing() ??
    (await compile()) ??
    (framework === 'hello' || isThere(framework) ? undefined : `${framework} is not installed`);
  if (missing !== undefined) return { ...base, skipped: [missing] };

  const { peers, skipped } = await servers(framework, connections);
  const runs = await interleave(peers, REPETITIONS);
  const throughput = (/** @type {string} */ peer) => runs[peer].map((one) => one.units / one.seconds);
  const p99 = (/** @type {string} */ peer) => runs[peer].map((one) => one.p99);
  const figures = Object.keys(runs).map((peer) => {
    const cpu = median(runs[peer].map((one) => one.serverCpuMicroseconds / one.units));
    const times = peer === NODE ? '' : `, ${ratio(throughput(peer), throughput(NODE)).toFixed(2)} x ${NODE}`;
    const detail = `${cpu.toFixed(1)} CPU µs per request, p99 ${(median(p99(peer)) / 1000).toFixed(2)} ms${times}`;
    return { label: peer, value: median(throughput(peer)), unit: 'requests a second', detail };
  });
  if (!(KEVENT in runs)) return { ...base, figures, skipped };
  const faster = ratio(throughput(KEVENT), throughput(NODE));
  const checks = [
    { label: `${KEVENT}: throughput`, value: faster, unit: `x ${NODE}`, least },
    { label: `${KEVENT}: p99`, value: ratio(p99(KEVENT), p99(NODE)), unit: `x ${NODE}`, most: 1 },
  ];
  return { ...base, figures, checks, skipped };
}

async function servers(/** @type {string} */ framework, /** @type {number} */ connections) {
  const skipped = [];
  const on = (/** @type {string} */ module) => () =>
    measureWrk(nodeServer('http.js', module, framework), connections);
  /** @type {Record<string, () => Promise<any>>} */
  const peers = { [NODE]: on(NODE) };
  if (isThere(KEVENT)) peers[KEVENT] = on(KEVENT);
  else skipped.push(`${KEVENT} is not in this version`);
  if (framework === 'hello') {
    const bun = await installBun();
    if ('path' in bun) {
      peers[BUN] = () => measureWrk([bun.path, program('servers/http-bun.js')], connections);
    } else {
      skipped.push(bun.missing);
    }
  }
  return { peers, skipped };
}
