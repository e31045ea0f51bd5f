// A server of kevent/net in a process of its own, so that its fds, memory and CPU time can be counted.
// Its parent asks, by message, and is answered with what it holds at that moment. It has to
// answer without opening a file: it may have no fd left.
import { getHeapStatistics } from 'node:v8';

import { createServer } from 'kevent/net';

const CHUNK = Buffer.alloc(64 * 1024, 'k');
const TICK_MS = 5;

let written = 0;
let mostQueued = 0;

/** @type {Record<string, (socket: import('node:net').Socket) => void>} */
const serve = {
  echo: (socket) => {
    socket.on('data', (data) => {
      if (!socket.write(data)) socket.pause();
    });
    socket.on('drain', () => socket.resume());
    socket.on('end', () => socket.end());
  },
  flood: (socket) => flood(socket, CHUNK),
  // Echoes, or floods with chunks of as many bytes as the first message says.
  mixed: (socket) => {
    socket.once('data', (data) => {
      const bytes = Number(data);
      if (bytes > 0) flood(socket, CHUNK.subarray(0, bytes));
      else serve.echo(socket);
    });
  },
};

/** Sends without end, with regard to backpressure. */
function flood(/** @type {import('node:net').Socket} */ socket, /** @type {Buffer} */ chunk) {
  const send = () => {
    for (let room = true; room; ) {
      room = socket.write(chunk);
      written += chunk.length;
      mostQueued = Math.max(mostQueued, socket.writableLength);
    }
  };
  socket.on('drain', send);
  send();
}

let open = 0;
let opened = 0;
/** @type {Set<string>} */
const errors = new Set();
const server = createServer({ allowHalfOpen: true }, (socket) => {
  open += 1;
  opened += 1;
  socket.on('close', () => {
    open -= 1;
  });
  socket.on('error', (error) =>
    errors.add(/** @type {NodeJS.ErrnoException} */ (error).code ?? error.message),
  );
  serve[process.argv[2]](socket);
});
server.on('error', (error) => errors.add(/** @type {NodeJS.ErrnoException} */ (error).code ?? error.message));
server.listen(0, '127.0.0.1', () => {
  process.send?.({ port: /** @type {import('node:net').AddressInfo} */ (server.address()).port });
});

/** @type {number[]} How late each tick came, in ms; what other processes had the CPU for is not our fault. */
let late = [];
let due = performance.now() + TICK_MS;
let usage = process.cpuUsage();
setInterval(() => {
  const now = performance.now();
  const { user, system } = process.cpuUsage(usage);
  late.push(Math.min(now - due, (user + system) / 1000));
  due = now + TICK_MS;
  usage = process.cpuUsage();
}, TICK_MS);

process.on('message', (/** @type {{ gc: boolean }} */ { gc }) => {
  if (gc) /** @type {() => void} */ (globalThis.gc)();
  const { user, system } = process.cpuUsage();
  const state = {
    open,
    opened,
    errors: [...errors],
    heap: getHeapStatistics().used_heap_size,
    cpuMs: (user + system) / 1000,
    written,
    mostQueued,
    late,
  };
  late = [];
  process.send?.(state);
});
process.on('disconnect', () => process.exit());
