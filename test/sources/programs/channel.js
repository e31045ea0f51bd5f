// One end of a channel: sends so many numbers, or reads until the channel is closed and says what it got.
import { parentPort, workerData } from 'node:worker_threads';

import { Channel } from 'kevent';

const channel = Channel.from(workerData.handle);
if (workerData.send) {
  const { from, to } = workerData.send;
  for (let i = from; i < to; i += 1) await channel.send(i);
} else {
  const seen = [];
  parentPort?.postMessage('ready');
  for await (const value of channel) seen.push(value);
  parentPort?.postMessage(seen);
}
