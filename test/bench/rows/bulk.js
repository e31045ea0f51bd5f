// (j) TCP: one gibibyte, one way.
import { interleave } from '../measure/child.js';
import { median, ratio } from '../measure/numbers.js';
import { measureLoad } from '../measure/serving.js';
import { KEVENT, NODE, tcpServers } from './peers.js';

const BYTES = 2 ** 30;
/** Connections that have carried as much before: half a second, in which most is compiled. */
const BEFORE = 2;
const REPETITIONS = 9;
const WAYS = [
  { label: 'received', way: 'send', work: ['sink'] },
  { label: 'sent', way: 'receive', work: ['source', BYTES] },
];

export const bulk = {
  name: 'bulk',
  title: 'One GiB, one way',

  /** @returns {Promise<import('../report/result.js').Result>} */
  async measure() {
    /** @type {import('../report/result.js').Result} */
    const result = {
      name: this.name,
      title: this.title,
      measured: [
        'One connection that carries 1 GiB to the server, which drops it; and one that carries 1 GiB from it, written in chunks of 64 KiB with regard to backpressure. Two other connections have done the same before.',
        'The server is on one core; the other side, in C, on the other.',
        "CPU time of the server's process per MiB.",
      ],
      figures: [],
      checks: [],
      skipped: [],
    };
    for (const { label, way, work } of WAYS) {
      const peers = await tcpServers(...work);
      if ('missing' in peers) return { ...result, skipped: [peers.missing] };
      result.skipped = peers.skipped;
      const loads = Object.entries(peers.servers).map(([peer, server]) => [
        peer,
        () => measureLoad(server, 'bulk_load', [way, BYTES, BEFORE]),
      ]);
      addTo(result, label, await interleave(Object.fromEntries(loads), REPETITIONS));
    }
    return result;
  },
};

/**
 * @param {import('../report/result.js').Result} result
 * @param {string} label
 * @param {Record<string, any[]>} runs
 */
function addTo(result, label, runs) {
  const cost = (/** @type {string} */ peer) => runs[peer].map((one) => one.serverCpuMicroseconds / one.units);
  for (const [peer, all] of Object.entries(runs)) {
    const perSecond = Math.round(median(all.map((one) => one.units / one.seconds)));
    const times = peer === NODE ? '' : `, ${ratio(cost(peer), cost(NODE)).toFixed(2)} x ${NODE}`;
    result.figures.push({
      label: `${label}: ${peer}`,
      value: median(cost(peer)),
      unit: 'CPU µs per MiB',
      detail: `${perSecond.toLocaleString('en-US')} MiB a second${times}`,
    });
  }
  if (!(KEVENT in runs)) return;
  const value = ratio(cost(KEVENT), cost(NODE));
  result.checks.push({ label: `${label}: ${KEVENT}`, value, unit: `x ${NODE}`, most: 1 });
}
