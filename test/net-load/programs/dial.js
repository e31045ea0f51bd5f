// dial.js PORT COUNT
//
// Makes connections to an echo server at once, and ends when each has carried a byte there and back.
import { once } from 'node:events';
import { connect } from 'node:net';

const [port, count] = process.argv.slice(2).map(Number);
await Promise.all(
  Array.from({ length: count }, async () => {
    const socket = connect(port, '127.0.0.1');
    socket.write('?');
    await once(socket, 'data');
    socket.end();
  }),
);
