// tcp.js MODULE echo
// tcp.js MODULE sink
// tcp.js MODULE source BYTES
//
// What tcp_server.c does, with MODULE: node:net or kevent/net. Answers each line of input with its memory.
import { listening, tellMemory } from './commands.js';

const [module, work, bytes] = process.argv.slice(2);
/** @type {typeof import('node:net')} */
const { createServer } = await import(module);

const chunk = Buffer.alloc(64 * 1024);

/** @typedef {import('node:net').Socket} Socket */

// Functions that all connections share: closures of each would be memory of this program, not of the module.

/** @this {Socket} */
function echo(/** @type {Buffer} */ data) {
  this.write(data);
}

let open = 0;

function closed() {
  open -= 1;
}

function ignore() {}

/** @type {Record<string, (socket: Socket) => void>} */
const serve = {
  echo: (socket) => {
    socket.on('data', echo);
  },
  sink: (socket) => {
    socket.resume();
  },
  source: (socket) => {
    let left = Number(bytes);
    const send = () => {
      while (left > 0) {
        const part = left < chunk.length ? chunk.subarray(0, left) : chunk;
        left -= part.length;
        if (!socket.write(part)) return;
      }
      socket.end();
    };
    socket.on('drain', send);
    send();
  },
};

const server = createServer({ noDelay: true }, (socket) => {
  open += 1;
  socket.on('close', closed);
  socket.on('error', ignore);
  serve[work](socket);
});
server.listen(0, '0.0.0.0', () => {
  listening(/** @type {import('node:net').AddressInfo} */ (server.address()).port);
  tellMemory(() => open);
});
