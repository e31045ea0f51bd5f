// (m) HTTP/2 servers.
import { interleave } from '../measure/child.js';
import { h2loadMissing, measureH2load } from '../measure/h2load.js';
import { compile } from '../measure/native.js';
import { median, ratio } from '../measure/numbers.js';
import { isThere, nodeServer } from './peers.js';

const NODE = 'node:http2';
const KEVENT = 'kevent/http2';
const CONNECTIONS = 20;
const STREAMS = 10;
const REPETITIONS = 3;

export const http2 = {
  name: 'http2',
  title: 'HTTP/2 hello',

  /** @returns {Promise<import('../report/result.js').Result>} */
  async measure() {
    /** @type {import('../report/result.js').Result} */
    const result = {
      name: this.name,
      title: this.title,
      measured: [
        `h2load keeps ${STREAMS} requests under way on each of ${CONNECTIONS} connections without TLS; the answer is "Hello, world!".`,
        'The server is on one core, h2load on the other.',
        "CPU time is that of the server's process.",
        "Most of it is nghttp2's and the same for both: no budget is set.",
      ],
      figures: [],
      checks: [],
      skipped: [],
    };
    const missing = h2loadMissing() ?? (await compile());
    if (missing !== undefined) return { ...result, skipped: [missing] };
    const on = (/** @type {string} */ module) => () =>
      measureH2load(nodeServer('http.js', module, 'hello'), CONNECTIONS, STREAMS);
    /** @type {Record<string, () => Promise<any>>} */
    const peers = { [NODE]: on(NODE) };
    if (isThere(KEVENT)) peers[KEVENT] = on(KEVENT);
    else result.skipped.push(`${KEVENT} is not in this version`);
    const runs = await interleave(peers, REPETITIONS);
    const throughput = (/** @type {string} */ peer) => runs[peer].map((one) => one.units / one.seconds);
    for (const peer of Object.keys(runs)) {
      const cpu = median(runs[peer].map((one) => one.serverCpuMicroseconds / one.units));
      const times =
        peer === NODE ? '' : `, ${ratio(throughput(peer), throughput(NODE)).toFixed(2)} x ${NODE}`;
      const detail = `${cpu.toFixed(1)} CPU µs per request${times}`;
      result.figures.push({
        label: peer,
        value: median(throughput(peer)),
        unit: 'requests a second',
        detail,
      });
    }
    return result;
  },
};
