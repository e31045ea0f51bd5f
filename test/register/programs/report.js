// What the programs beside it tell the test: whose connections their servers got. Not part of the programs as such.
import { subscribe } from 'node:diagnostics_channel';
import * as net from 'node:net';

/** @type {Set<string>} */
const kinds = new Set();
subscribe('net.server.socket', (message) => {
  const { socket } = /** @type {{ socket: object }} */ (message);
  kinds.add(Object.getPrototypeOf(socket) === net.Socket.prototype ? 'node' : 'loop');
});

/** Prints one line of JSON. */
export function report(/** @type {object} */ more) {
  console.log(JSON.stringify({ ...more, sockets: [...kinds].sort().join() }));
}
