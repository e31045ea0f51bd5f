// A child process that serves one connection to the server that it is sent.
process.on('message', (_message, /** @type {import('node:net').Server} */ server) => {
  server.on('connection', (socket) => {
    socket.end('from the child');
    server.close();
    process.disconnect();
  });
  process.send?.('ready');
});
