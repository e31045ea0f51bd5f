// A listening TCP socket whose connections wait until they are asked for.
//
// kevent waits on sockets and does not make them, and Node.js accepts a connection as soon as its event loop
// sees it. So the loop of this thread stands still, and kevent, in another thread, is the only one to look.
import { once } from 'node:events';
import { createServer } from 'node:net';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

const CLOSED = 0;
const OPEN = 1;

/**
 * Listens on 127.0.0.1. `accept` takes one connection, greets the peer, hangs up, and tells who it was.
 *
 * @param {number} port 0: any that is free
 */
export async function listen(port) {
  const gate = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL(import.meta.url), { workerData: { gate, port } });
  const [socket] = await once(worker, 'message');
  return {
    /** @type {number} */ fd: socket.fd,
    /** @type {number} */ port: socket.port,
    /** @returns {Promise<string>} */
    async accept() {
      Atomics.store(gate, 0, OPEN);
      Atomics.notify(gate, 0);
      const [peer] = await once(worker, 'message');
      return peer;
    },
    close: () => worker.terminate(),
  };
}

function serve() {
  const { gate, port } = workerData;

  /** @param {unknown} message */
  const sayAndWait = (message) => {
    parentPort?.postMessage(message);
    Atomics.wait(gate, 0, CLOSED);
    Atomics.store(gate, 0, CLOSED);
  };

  const server = createServer((socket) => {
    const peer = `${socket.remoteAddress}:${socket.remotePort}`;
    // Both are done at once: the loop, which would have to finish them, is about to stand still.
    socket.write('You have reached kevent.\n');
    socket.destroy();
    sayAndWait(peer);
  });
  server.listen(port, '127.0.0.1', () => {
    const { _handle: handle } = /** @type {{ _handle?: { fd: number } }} */ (server);
    sayAndWait({ fd: handle?.fd, .../** @type {object} */ (server.address()) });
  });
}

if (!isMainThread) serve();
