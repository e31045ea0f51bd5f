// last_words.js WHERE: writes to a connection, and ends the process before the event loop can have another turn.
import { createServer } from 'kevent/net';

const [where] = process.argv.slice(2);
const server = createServer((socket) => {
  socket.write('first ');
  const leave = () => {
    socket.write('and last words');
    process.exit();
  };
  if (where === 'handler') socket.once('data', leave);
  else socket.once('data', () => setTimeout(leave, 10));
});
server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  process.send?.(port);
});
