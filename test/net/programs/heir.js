// Serves with what it is sent by its parent: the handle of a server, and connections.
import net, { Server, Socket } from 'kevent/net';

process.on('message', (_message, /** @type {unknown} */ sent) => {
  if (sent instanceof net.Socket) {
    // On the loop of this process from now on.
    const { _handle: handle } = /** @type {{ _handle: unknown }} */ (/** @type {unknown} */ (sent));
    const options = /** @type {import('node:net').SocketConstructorOpts} */ ({ handle });
    new Socket(options).on('data', (data) => process.send?.(`socket ${data}`)).end('heir of a socket');
  } else {
    new Server((socket) => socket.end('heir of a server')).listen(sent, () => process.send?.('ready'));
  }
});
process.on('disconnect', () => process.exit());
process.send?.('ready');
