// receive-epoll-package.js MODULE FIRST COUNT et|level|read WARM_MS RUN_MS
//
// The same as receive-kevent.js with the npm package `epoll`, which is at the path MODULE.
import { readSync } from 'node:fs';
import { createRequire } from 'node:module';

import { cpuMicroseconds, print } from '../measure/cpu.js';

const { Epoll } = createRequire(import.meta.url)(process.argv[2]);
const [first, count] = process.argv.slice(3, 5).map(Number);
const mode = process.argv[5];
const [warm, run] = process.argv.slice(6, 8).map(Number);

let events = 0;
let sum = 0;
let cpu = 0;
const counter = new Uint8Array(8);

const set = new Epoll((/** @type {Error | null} */ error, /** @type {number} */ fd) => {
  if (error) throw error;
  sum += fd;
  if (mode === 'read') sum += readSync(fd, counter);
  events += 1;
});
const interest = mode === 'et' ? Epoll.EPOLLIN | Epoll.EPOLLET : Epoll.EPOLLIN;
for (let fd = first; fd < first + count; fd += 1) set.add(fd, interest);

setTimeout(() => {
  events = 0;
  cpu = cpuMicroseconds();
}, warm);
setTimeout(() => {
  print({ events, batches: events, cpuMicroseconds: cpuMicroseconds() - cpu, sum });
  process.exit();
}, warm + run);
