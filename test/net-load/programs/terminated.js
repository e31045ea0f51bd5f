// Ends worker threads in the middle of what their sockets do, and prints how many fds there are before and after.
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { isMainThread, parentPort, Worker } from 'node:worker_threads';

import { connect, createServer } from 'kevent/net';

const ROUNDS = 10;
const CONNECTIONS = 20;
const CHUNK = Buffer.alloc(32 * 1024);

if (isMainThread) {
  await round();
  const before = fds();
  for (let rounds = 0; rounds < ROUNDS; rounds += 1) await round();
  console.log(JSON.stringify({ before, after: fds() }));
} else {
  const server = createServer((socket) => socket.pipe(socket));
  server.listen(0, '127.0.0.1', () => {
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    for (let i = 0; i < CONNECTIONS; i += 1) {
      const client = connect(port, '127.0.0.1');
      const send = () => {
        for (let room = true; room; ) room = client.write(CHUNK);
      };
      client.on('connect', send).on('drain', send);
      client.once('data', () => parentPort?.postMessage('it flows'));
      // Some do not read: what they are sent waits.
      if (i % 2 === 0) client.resume();
    }
  });
}

async function round() {
  const worker = new Worker(new URL(import.meta.url));
  await once(worker, 'message');
  await worker.terminate();
}

function fds() {
  return readdirSync('/proc/self/fd').length;
}
