import { Server } from 'node:http';

let closing = false;
let done = false;

/**
 * Whether `closeIdleConnections()` is at work. It takes a connection for idle whose parser waits for a request, and
 * whose response, if any, is ended: while a request is handed over past the parser, that looks so and is not.
 */
export function isClosingIdle(): boolean {
  return closing;
}

/** From now on one can tell. */
export function tellClosingIdle(): void {
  if (done) return;
  done = true;
  const { prototype } = Server;
  const { closeIdleConnections: close } = prototype;
  prototype.closeIdleConnections = function closeIdleConnections(): void {
    closing = true;
    try {
      Reflect.apply(close, this, []);
    } finally {
      closing = false;
    }
  };
}
