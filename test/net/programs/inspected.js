// Serves two sockets that never stop, to be looked at by an inspector.
import { connect, createServer } from 'kevent/net';

const server = createServer((socket) => socket.pipe(socket));
server.listen(0, '127.0.0.1', () => {
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  const client = connect(port, '127.0.0.1');
  client.on('data', (data) => {
    Object.assign(globalThis, { received: client.bytesRead });
    client.write(data);
  });
  client.write('round and round');
});
