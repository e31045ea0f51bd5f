const SETTLED = Promise.resolve();

/**
 * Calls back when the ticks and promises that are due have run, and those that they make due: where Node's own sockets
 * have had a turn of the event loop, and whoever set something up by then is not too late.
 */
export function afterPromises(callback: () => void): void {
  // A tick that a promise asks for comes when all promises have run.
  void SETTLED.then(() => process.nextTick(callback));
}
