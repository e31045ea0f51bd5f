// (i) TCP servers that send back what they receive.
import { existsSync } from 'node:fs';

import { interleave } from '../measure/child.js';
import { native } from '../measure/native.js';
import { median, ratio } from '../measure/numbers.js';
import { measureLoad } from '../measure/serving.js';
import { BUN, C, KEVENT, NODE, nodeServer, SLAB, tcpServers } from './peers.js';

const WARM_MS = 500;
/** Of a connection: the first of 10,000 have more to do with making them than with messages. */
const WARM_MICROSECONDS_EACH = 200;
const RUN_MS = 1000;
const REPETITIONS = 9;

/**
 * @typedef {object} Work
 * @property {string} name
 * @property {string} title
 * @property {string} said - what the load does
 * @property {string} load - the program of test/bench/native
 * @property {number[]} args - between the pid and the times
 * @property {string} unit
 * @property {boolean} small - whether the budget for small messages holds
 */

const FLOOR = "C on Node.js's loop, an empty callback";
const WHAT_FLOOR_IS =
  'For comparison: an addon that receives and sends in C when the event loop of Node.js says so, and calls an empty function of JavaScript for each message. Alone on its connection, no message can reach JavaScript for less.';
const ONE_UNDER_WAY = 'One message is under way on each connection; when it is back, the next is sent.';

/** @type {Work[]} */
const WORKS = [
  ...[1, 100, 1000, 10_000].map((connections) => ({
    name: `echo-${connections}`,
    title: `Echo of 64 bytes, ${connections.toLocaleString('en-US')} connection${connections === 1 ? '' : 's'}`,
    said: ONE_UNDER_WAY,
    load: 'echo_load',
    args: [connections, 64, 1],
    unit: 'message',
    small: true,
  })),
  {
    name: 'echo-16k',
    title: 'Echo of 16 KiB, 100 connections',
    said: ONE_UNDER_WAY,
    load: 'echo_load',
    args: [100, 16_384, 1],
    unit: 'message',
    small: false,
  },
  {
    name: 'echo-pipelined',
    title: 'Pipelined echo of 64 bytes, 100 connections',
    said: '16 messages are under way on each connection; each that is back is followed by the next.',
    load: 'echo_load',
    args: [100, 64, 16],
    unit: 'message',
    small: true,
  },
  {
    name: 'connect',
    title: 'Connect, one message, close',
    said: '100 connections at once: each is made, sends 64 bytes, receives them, is closed, and the next is made.',
    load: 'connect_load',
    args: [100, 64],
    unit: 'connection',
    small: false,
  },
];

export const echoRows = WORKS.map((work) => ({
  name: work.name,
  title: work.title,
  measure: () => measure(work),
}));

/** @returns {Promise<import('../report/result.js').Result>} */
async function measure(/** @type {Work} */ { name, title, said, load, args, unit, small }) {
  const measured = [
    said,
    'The server is on one core; the load, an epoll loop in C, on the other.',
    `CPU time of the server's process per ${unit}.`,
  ];
  const base = { name, title, measured, figures: [], checks: [] };
  const peers = await tcpServers('echo');
  if ('missing' in peers) return { ...base, skipped: [peers.missing] };
  const { servers, skipped } = peers;
  if (args[0] === 1 && existsSync(native('loop_floor.node'))) {
    servers[FLOOR] = nodeServer('tcp-floor.js');
    measured.push(WHAT_FLOOR_IS);
  }
  const warm = Math.max(WARM_MS, (args[0] * WARM_MICROSECONDS_EACH) / 1000);
  const loads = Object.entries(servers).map(([peer, server]) => [
    peer,
    () => measureLoad(server, load, [...args, warm, RUN_MS]),
  ]);
  const runs = await interleave(Object.fromEntries(loads), REPETITIONS);
  const cost = Object.fromEntries(
    Object.entries(runs).map(([peer, all]) => [
      peer,
      all.map((one) => one.serverCpuMicroseconds / one.units),
    ]),
  );
  const figures = Object.entries(cost).map(([peer, costs]) => {
    const perSecond = Math.round(median(runs[peer].map((one) => one.units / one.seconds)));
    const p99 = median(runs[peer].map((one) => one.p99)) / 1000;
    const times = peer === NODE ? '' : `, ${ratio(costs, cost[NODE]).toFixed(2)} x ${NODE}`;
    const detail = `${perSecond.toLocaleString('en-US')} a second, p99 ${p99.toFixed(2)} ms${times}`;
    return { label: peer, value: median(costs), unit: `CPU µs per ${unit}`, detail };
  });
  /** @type {import('../report/result.js').Check[]} */
  const checks = [];
  const budget = (/** @type {string} */ ours, /** @type {string} */ theirs, /** @type {number} */ most) => {
    if (!(ours in cost && theirs in cost)) return;
    checks.push({ label: ours, value: ratio(cost[ours], cost[theirs]), unit: `x ${theirs}`, most });
  };
  budget(KEVENT, NODE, small ? 0.75 : 1);
  budget(SLAB, C, 1.05);
  budget(SLAB, BUN, 1);
  return { ...base, figures, checks, skipped };
}
