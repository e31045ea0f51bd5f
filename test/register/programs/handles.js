// Servers and connections that are sent to a child process.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { connect, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';

/**
 * @typedef {import('node:net').Server} Server
 *
 * @typedef {import('node:net').Socket} Socket
 */

if (process.argv[2] === 'child') {
  process.on('message', (message, handle) => {
    if (message === 'connection') {
      /** @type {Socket} */ (handle).end('a connection of the child');
      return;
    }
    if (message === 'server') {
      /** @type {Server} */ (handle).on('connection', (socket) => socket.end('a server of the child'));
      process.send?.('ready');
      return;
    }
    const server = createHttpServer((_request, response) => response.end('an HTTP server of the child'));
    server.listen(handle, () => process.send?.('ready'));
  });
  process.send?.('ready');
} else {
  const child = fork(fileURLToPath(import.meta.url), ['child']);
  await once(child, 'message');

  const received = async (/** @type {number} */ port) => {
    let text = '';
    for await (const chunk of connect(port, '127.0.0.1')) text += chunk;
    return text;
  };
  const listening = async (/** @type {Server} */ server) => {
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return /** @type {import('node:net').AddressInfo} */ (server.address()).port;
  };
  const handOver = async (/** @type {string} */ message) => {
    const server = createServer();
    const port = await listening(server);
    child.send(message, server);
    await once(child, 'message');
    server.close();
    return port;
  };

  const paused = createServer({ pauseOnConnect: true }, (socket) => child.send('connection', socket));
  const connection = await received(await listening(paused));
  paused.close();

  const flowing = createServer((socket) => {
    try {
      child.send('connection', socket);
    } catch (error) {
      socket.end(`${/** @type {NodeJS.ErrnoException} */ (error).code}`);
    }
  });
  const refused = await received(await listening(flowing));
  flowing.close();

  const server = await received(await handOver('server'));
  const http = await (await fetch(`http://127.0.0.1:${await handOver('http')}/`)).text();
  child.kill();
  await once(child, 'exit');
  console.log(JSON.stringify({ connection, refused, server, http }));
}
