import type { Duplex } from 'node:stream';

/** Destroys a socket when the signal says so. */
export function closeOnAbort(socket: Duplex, signal: AbortSignal): void {
  const abort = (): void => {
    socket.destroy(
      Object.assign(new Error('The operation was aborted'), {
        name: 'AbortError',
        code: 'ABORT_ERR',
        cause: signal.reason,
      }),
    );
  };
  if (signal.aborted) {
    process.nextTick(abort);
    return;
  }
  signal.addEventListener('abort', abort, { once: true });
  socket.once('close', () => signal.removeEventListener('abort', abort));
}
