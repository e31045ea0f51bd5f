// tcp-slab.js echo
// tcp-slab.js sink
// tcp-slab.js source BYTES
//
// What tcp_server.c does, with kevent/net's createSlabServer. Answers each line of input with its memory.
import { createSlabServer } from 'kevent/net';

import { listening, tellMemory } from './commands.js';

const [work, bytes] = process.argv.slice(2);
const chunk = Buffer.alloc(64 * 1024);

/** @typedef {import('kevent/net').SlabConnection<number>} Connection */

/** Sends as much as is wanted at the moment. */
function send(/** @type {Connection} */ connection) {
  while (connection.data > 0) {
    const part = connection.data < chunk.length ? chunk.subarray(0, connection.data) : chunk;
    connection.data -= part.length;
    if (!connection.write(part)) return;
  }
  connection.end();
}

/** @type {Record<string, import('kevent/net').SlabHandlers<number>>} */
const handlers = {
  echo: {
    data: (connection, view) => {
      connection.write(view);
    },
  },
  sink: {},
  source: {
    open: (connection) => {
      connection.data = Number(bytes);
      send(connection);
    },
    drain: send,
  },
};

let open = 0;
const server = createSlabServer(
  {
    ...handlers[work],
    open: (connection) => {
      open += 1;
      handlers[work].open?.(connection);
    },
    close: () => {
      open -= 1;
    },
  },
  { noDelay: true },
);
server.listen(0, '0.0.0.0', () => {
  listening(/** @type {import('node:net').AddressInfo} */ (server.address()).port);
  tellMemory(() => open);
});
