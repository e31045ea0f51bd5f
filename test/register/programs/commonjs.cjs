// biome-ignore-all lint/style/useNodejsImportProtocol: how it is done without is what this is for
// CommonJS: without `node:`, by extends and util.inherits, in a function that was taken out of its module.
const { once } = require('events');
const http = require('http');
const net = require('net');
const { inherits } = require('util');
const { createServer } = net;

class Extended extends net.Server {}

function Inherited() {
  net.Server.call(this);
}
inherits(Inherited, net.Server);

async function answer(/** @type {import('net').Server} */ server) {
  server.on('connection', (socket) => socket.end(`${socket.remoteFamily} ${server instanceof net.Server}`));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import('net').AddressInfo} */ (server.address());
  let all = '';
  for await (const chunk of net.connect(port, '127.0.0.1')) all += chunk;
  server.close();
  await once(server, 'close');
  return all;
}

async function main() {
  const { report } = await import('./report.js');
  const answers = [];
  // @ts-expect-error: Inherited is made as classes were before there was `class`.
  for (const server of [createServer(), new Extended(), new Inherited()]) answers.push(await answer(server));
  const server = http.createServer((_request, response) => response.end('http')).listen(0);
  await once(server, 'listening');
  const { port } = /** @type {import('net').AddressInfo} */ (server.address());
  answers.push(await (await fetch(`http://localhost:${port}`)).text());
  server.closeAllConnections();
  server.close();
  report({ answers });
}
main();
