// exiting.js WHERE: ends the process with status 7 in a handler, with other connections in the middle of it all.
import { connect, createServer } from 'kevent/net';

const [where] = process.argv.slice(2);
const CHUNK = Buffer.alloc(32 * 1024);
const exit = () => process.exit(7);
let connections = 0;

const server = createServer((socket) => {
  connections += 1;
  if (where === 'connection' && connections === 10) exit();
  socket.pipe(socket);
  if (where === 'data') socket.once('data', exit);
  if (where === 'tick') socket.once('data', () => process.nextTick(exit));
  if (where === 'microtask') socket.once('data', () => Promise.resolve().then(exit));
  if (where === 'written') socket.write('x', exit);
  if (where === 'close') socket.destroy().once('close', exit);
  if (where === 'thrown') throw new Error('nobody catches it');
});
process.on('uncaughtException', exit);
server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  for (let i = 0; i < 20; i += 1) {
    const client = connect(port, '127.0.0.1').resume();
    const send = () => {
      for (let room = true; room; ) room = client.write(CHUNK);
    };
    client.on('connect', send).on('drain', send);
  }
});
