// In a network namespace of its own: connections whose peers vanish, without a word, in every state; on the loop, and
// beside them on node:net. Tells what each had to say, as JSON.
import { execFileSync } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, writeFileSync } from 'node:fs';
import nodeNet from 'node:net';
import kevent from 'kevent/net';

/** @typedef {[event: string, ...unknown[]]} Entry */

const QUEUED = 8 << 20;

/** What a connection does when its peer is gone. @type {Record<string, (socket: nodeNet.Socket, log: Entry[]) => void>} */
const DEEDS = {
  'writes a little': (socket) => void socket.write('x'),
  'writes more than the kernel takes': (socket, log) => {
    socket.write(Buffer.alloc(QUEUED), (error) => log.push(['written', error && 'an error']));
  },
  'has ended': (socket) => void socket.end(),
  'ends after a write': (socket) => void socket.end('x'),
  'is silent, with keep-alive': (socket) => void socket.setKeepAlive(true, 1000),
  'is silent, with a timeout': (socket) => void socket.setTimeout(100, () => socket.destroy()),
  'is destroyed': (socket) => void socket.destroy(),
  'is reset': (socket) => void socket.resetAndDestroy(),
};

/** Their server's sides, all of them served by `net`. @param {typeof nodeNet} net */
async function connections(net) {
  const server = net.createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {nodeNet.AddressInfo} */ (server.address());
  const sockets = [];
  for (const deed of Object.keys(DEEDS)) {
    // The peers are Node's own, which send and answer nothing once the loopback is down.
    nodeNet
      .connect(port, '127.0.0.1')
      .unref()
      .on('error', () => {});
    const [socket] = await once(server, 'connection');
    sockets.push({ deed, socket: /** @type {nodeNet.Socket} */ (socket) });
  }
  server.close();
  return sockets;
}

/** @param {Awaited<ReturnType<typeof connections>>} sockets */
async function told(sockets) {
  const log = Object.fromEntries(Object.keys(DEEDS).map((deed) => [deed, /** @type {Entry[]} */ ([])]));
  await Promise.all(
    sockets.map(async ({ deed, socket }) => {
      const entries = log[deed] ?? [];
      socket.resume();
      socket.on('end', () => entries.push(['end']));
      socket.on('timeout', () => entries.push(['timeout']));
      socket.on('error', ({ code, syscall }) => entries.push(['error', code, syscall]));
      socket.on('close', (hadError) => entries.push(['close', hadError]));
      const closed = new Promise((resolve) => socket.once('close', resolve));
      DEEDS[deed]?.(socket, entries);
      await closed;
    }),
  );
  return log;
}

execFileSync('ip', ['link', 'set', 'lo', 'up']);
// As few attempts as there can be: the usual ones take a quarter of an hour.
writeFileSync('/proc/sys/net/ipv4/tcp_retries2', '1');
const ours = await connections(/** @type {typeof nodeNet} */ (kevent));
const theirs = await connections(nodeNet);
const open = readdirSync('/proc/self/fd').length;
execFileSync('ip', ['link', 'set', 'lo', 'down']);
const [kept, reference] = await Promise.all([told(ours), told(theirs)]);
const closed = open - readdirSync('/proc/self/fd').length;
process.send?.({ kept, reference, closed, sockets: ours.length + theirs.length });
process.disconnect?.();
