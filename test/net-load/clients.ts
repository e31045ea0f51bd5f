// Clients of the built-in node:net: the other side is not what is tested.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';

const WAVE = 100;

/** How many fds this process may have at the most. */
export function mostFds(): number {
  const line = /^Max open files\s+\d+\s+(\d+)/m.exec(readFileSync('/proc/self/limits', 'utf8'));
  return Number(line?.[1] ?? 0);
}

/** One connection, made. */
export async function dial(port: number): Promise<Socket> {
  const socket = connect(port, '127.0.0.1');
  await once(socket, 'connect');
  return socket;
}

/**
 * Connections to an echo server that have each carried a byte there and back. A few at a time, so that
 * no backlog overflows.
 */
export async function dialMany(port: number, count: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const wave = Array.from({ length: Math.min(WAVE, count - sockets.length) }, async () => {
      const socket = await dial(port);
      socket.write('k');
      await once(socket, 'data');
      return socket;
    });
    sockets.push(...(await Promise.all(wave)));
  }
  return sockets;
}

/** Closes them, and waits until they are. */
export async function closeAll(sockets: readonly Socket[]): Promise<void> {
  const open = sockets.filter((socket) => !socket.closed);
  const closed = open.map((socket) => once(socket, 'close'));
  for (const socket of sockets) socket.destroy();
  await Promise.all(closed);
}
