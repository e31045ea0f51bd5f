// Serves while all else that the event loop of Node.js does goes on beside it, and prints what has come of that.
import { pbkdf2 } from 'node:crypto';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';

import { connect, createServer } from 'kevent/net';

const ROUND_TRIPS = 2000;
const TIMES = 20;
const done = { timers: 0, immediates: 0, files: 0, workers: 0, threadPool: 0, roundTrips: 0 };

function answer(/** @type {import('node:net').Socket} */ socket) {
  socket.on('data', (data) => socket.write(data));
}

/** Some at a time: it goes on by itself for as long as the server serves. */
async function pingPong() {
  const server = createServer(answer);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const client = connect(port, '127.0.0.1');
  while (done.roundTrips < ROUND_TRIPS || Object.values(done).some((count) => count < TIMES)) {
    client.write('x');
    await once(client, 'data');
    done.roundTrips += 1;
  }
  client.destroy();
  server.close();
}

async function timers() {
  for (; done.timers < TIMES; done.timers += 1) await new Promise((resolve) => setTimeout(resolve, 1));
}

async function immediates() {
  for (; done.immediates < TIMES; done.immediates += 1) await new Promise((resolve) => setImmediate(resolve));
}

async function files() {
  for (; done.files < TIMES; done.files += 1) await readFile(new URL(import.meta.url));
}

async function workers() {
  const echo =
    "const { parentPort } = require('worker_threads'); parentPort.on('message', (m) => parentPort.postMessage(m));";
  const worker = new Worker(echo, { eval: true });
  for (; done.workers < TIMES; done.workers += 1) {
    worker.postMessage('?');
    await once(worker, 'message');
  }
  await worker.terminate();
}

async function threadPool() {
  for (; done.threadPool < TIMES; done.threadPool += 1) await promisify(pbkdf2)('a', 'b', 100, 32, 'sha256');
}

await Promise.all([pingPong(), timers(), immediates(), files(), workers(), threadPool()]);
console.log(JSON.stringify(done));
