// Reads streams until it is terminated.
import { parentPort } from 'node:worker_threads';

import { interval, signals, watch } from 'kevent';

void signals('SIGUSR2', { exclusive: true }).forEach(() => {});
void watch(process.cwd()).forEach(() => {});
void interval(1, { clock: 'realtime' }).forEach(() => void parentPort?.postMessage('tick'));
