// Reads streams until it is terminated.
import { parentPort } from 'node:worker_threads';

import { interval, signals } from 'kevent';

void signals('SIGUSR2', { exclusive: true }).forEach(() => {});
void interval(1, { clock: 'realtime' }).forEach(() => void parentPort?.postMessage('tick'));
