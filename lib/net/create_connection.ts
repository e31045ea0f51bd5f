import { channel } from 'node:diagnostics_channel';

import type { ConnectOptions } from './connect.js';
import { connectArguments } from './connect_arguments.js';
import { passOnToSockets } from './pass_on.js';
import { Socket } from './socket.js';
import type { SocketOptions } from './socket_options.js';

const clientSockets = channel('net.client.socket');

/** A new socket that connects. */
export function createConnection(...args: unknown[]): Socket {
  passOnToSockets();
  const [options, callback] = connectArguments(args);
  const socket = new Socket(options as SocketOptions & ConnectOptions);
  if (clientSockets.hasSubscribers) clientSockets.publish({ socket });
  if (options.timeout) socket.setTimeout(options.timeout);
  // In one array, as Node does it: some replace connect().
  return socket.connect([options, callback]);
}
