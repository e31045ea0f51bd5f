// flood.js PORT CONNECTIONS
//
// Sends all it can to an echo server, on each of the connections, and reads what comes back.
import { connect } from 'node:net';

const [port, connections] = process.argv.slice(2).map(Number);
const chunk = Buffer.alloc(1024, 'k');

for (let i = 0; i < connections; i += 1) {
  const socket = connect(port, '127.0.0.1');
  const send = () => {
    for (let room = true; room; ) room = socket.write(chunk);
  };
  socket.on('connect', send).on('drain', send).resume();
}
