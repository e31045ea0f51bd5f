// (a) Events through the ring into JavaScript.
import { interleave, program, run } from '../measure/child.js';
import { installEpollPackage } from '../measure/epoll-package.js';
import { compile, native } from '../measure/native.js';
import { median, ratio } from '../measure/numbers.js';

const FIRST = 100;
const COUNT = 2000;
const READABLE = 200;
const WARM_MS = 250;
const RUN_MS = 500;

const C_LOOP = 'C, epoll_wait loop';
const BATCH = 'kevent, for await by batch';
const EVENT = 'kevent, for await by event';
const PACKAGE = 'npm package epoll';

// width and rate: see eventfd_writer.c. Without a rate, how many events come at a time depends on how
// writer and receiver meet, and varies more from run to run.
const WORKLOADS = [
  { mode: 'et', width: 0, rate: 0, repetitions: 5, budget: true, label: 'edge-triggered' },
  {
    mode: 'et',
    width: 0,
    rate: 300_000,
    repetitions: 3,
    budget: false,
    label: 'edge-triggered, 300,000 a second',
  },
  {
    mode: 'level',
    width: READABLE,
    rate: 0,
    repetitions: 3,
    budget: true,
    label: 'level-triggered, drained by the writer',
  },
  {
    mode: 'read',
    width: 0,
    rate: 0,
    repetitions: 3,
    budget: true,
    label: 'level-triggered, drained by the receiver',
  },
];

export const ringEvents = {
  name: 'ring-events',
  title: 'Events into JavaScript',

  /** @returns {Promise<import('../report/result.js').Result>} */
  async measure() {
    /** @type {import('../report/result.js').Result} */
    const result = {
      name: this.name,
      title: this.title,
      measured: [
        `Another process, on the other core, writes ${COUNT} eventfds at random, as fast as it can; all receivers inherit the same kind and look at each event's fd.`,
        `Drained by the writer: it takes each write back ${READABLE} writes later, so that about ${READABLE} are readable at any time and nobody else reads.`,
        'Drained by the receiver: it reads each eventfd, read(2) in C and fs.readSync in JavaScript.',
        'At 300,000 writes a second most of the cost is that of falling asleep and waking up; no budget is set for it.',
        'CPU time of the receiving process per event received.',
      ],
      figures: [],
      checks: [],
      skipped: [],
    };
    const missing = await compile();
    if (missing !== undefined) return { ...result, skipped: [missing] };
    const epoll = await installEpollPackage();
    if ('missing' in epoll) result.skipped.push(epoll.missing);
    for (const workload of WORKLOADS) {
      await measureWorkload(result, workload, 'path' in epoll ? epoll.path : undefined);
    }
    return result;
  },
};

/**
 * @param {import('../report/result.js').Result} result
 * @param {typeof WORKLOADS[number]} workload
 * @param {string | undefined} epoll
 */
async function measureWorkload(result, { mode, width, rate, repetitions, budget, label }, epoll) {
  const writer = [native('eventfd_writer'), FIRST, COUNT, width, rate];
  const times = [WARM_MS, RUN_MS];
  const receive = (/** @type {(string | number)[]} */ receiver) => () =>
    run([native('with_eventfds'), COUNT, FIRST, ...writer, '--', ...receiver].map(String));
  const kevent = [process.execPath, program('receive-kevent.js'), FIRST, COUNT, mode];
  /** @type {Record<string, () => Promise<any>>} */
  const peers = {
    [C_LOOP]: receive([native('epoll_loop'), FIRST, COUNT, mode, ...times]),
    [BATCH]: receive([...kevent, 'batch', ...times]),
    [EVENT]: receive([...kevent, 'event', ...times]),
  };
  if (epoll !== undefined) {
    const receiver = [process.execPath, program('receive-epoll-package.js'), epoll];
    peers[PACKAGE] = receive([...receiver, FIRST, COUNT, mode, ...times]);
  }
  const runs = await interleave(peers, repetitions);
  const cost = Object.fromEntries(
    Object.entries(runs).map(([name, all]) => [name, all.map((one) => one.cpuMicroseconds / one.events)]),
  );
  for (const [name, costs] of Object.entries(cost)) {
    const batch = median(runs[name].map((one) => one.events / one.batches));
    const perMs = median(runs[name].map((one) => one.events / RUN_MS));
    const times = name === C_LOOP ? '' : `, ${ratio(costs, cost[C_LOOP]).toFixed(1)} x C`;
    result.figures.push({
      label: `${label}: ${name}`,
      value: median(costs),
      unit: 'CPU µs per event',
      detail: `${batch.toFixed(1)} events per batch, ${perMs.toFixed(0)} events per ms${times}`,
    });
  }
  if (!budget) return;
  result.checks.push({
    label: `${label}: by batch`,
    value: ratio(cost[BATCH], cost[C_LOOP]),
    unit: 'x C',
    most: 2,
  });
  if (epoll === undefined) return;
  for (const [name, way] of [
    [BATCH, 'by batch'],
    [EVENT, 'by event'],
  ]) {
    const value = ratio(cost[name], cost[PACKAGE]);
    result.checks.push({ label: `${label}: ${way}`, value, unit: 'x epoll package', most: 1 / 3 });
  }
}
