// Serves one connection of the listening socket that it finds as descriptor 3.
import net from '../../../dist/net.js';

const server = net.createServer((socket) => {
  socket.end('activated');
  server.close();
});
server.listen({ fd: 3 }, () => console.log('ready'));
