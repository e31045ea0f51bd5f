// Prints the context in which a connection receives, after the first server was made in one.
import { AsyncLocalStorage } from 'node:async_hooks';

import { connect, createServer } from 'kevent/net';

const storage = new AsyncLocalStorage();
const server = createServer((socket) => {
  socket.on('data', () => {
    console.log(storage.getStore());
    socket.end();
    server.close();
  });
});
storage.run('first', () => {
  server.listen(0, () => {
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    connect(port).end('x');
  });
});
