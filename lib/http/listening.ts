import type { Server } from 'node:net';

import { SocketServing } from '../net/connection.js';
import { type Listen, listener } from '../net/listening.js';
import { makeMessagesFor } from './application_messages.js';
import { HttpSocket } from './http_socket.js';
import { tellClosingIdle } from './idle_connections.js';
import { Socket } from './sockets.js';

export { canListenOnLoop } from '../net/listening.js';

/** Whether its connections are read and written by Node: as HTTP/1, TLS, HTTP/2. */
function isProtocol(server: Server): boolean {
  return 'keepAliveTimeout' in server || 'setSecureContext' in server || 'updateSettings' in server;
}

const listen = listener(new SocketServing((server) => (isProtocol(server) ? HttpSocket : Socket)));

/** In place of net.Server's `_listen2`: connections are on the loop. */
export const listenOnLoop: Listen = function listenOnLoop(...args) {
  makeMessagesFor(this);
  tellClosingIdle();
  Reflect.apply(listen, this, args);
};
