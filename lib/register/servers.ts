import { Server } from 'node:net';

import { binding } from '../abi/binding.js';
import { canListenOnLoop, listenOnLoop } from '../http/listening.js';

type Listen = typeof listenOnLoop;

/** Puts every server of this thread that begins to listen from now on onto the loop, or warns that it cannot. */
export function registerServers(): void {
  const obstacle = whyNot();
  if (obstacle !== undefined) {
    process.emitWarning(`kevent/register leaves this program alone: ${obstacle}`, {
      code: 'KEVENT_REGISTER',
    });
    return;
  }
  const prototype = Server.prototype as unknown as { _listen2: Listen };
  const listenAsNode = prototype._listen2;
  // All servers of Node come here, those of tls, http, https and http2 too: no export is replaced, so that whatever
  // imported, inherited or copied one of them before is on the loop as well.
  prototype._listen2 = function listen(...args) {
    Reflect.apply(isNodesAffair(this) ? listenAsNode : listenOnLoop, this, args);
  };
}

function whyNot(): string | undefined {
  if (!canListenOnLoop) return `this Node.js, ${process.version}, listens in another way`;
  try {
    binding();
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/**
 * Connections that go to other processes have to be Node's: those that the primary of a cluster hands out, whose server
 * is known by its listener, the assertion that it never gets one itself, and those of servers that pause them on connect, which is what one does to send them.
 */
function isNodesAffair(server: Server & { readonly pauseOnConnect?: boolean }): boolean {
  if (server.pauseOnConnect === true) return true;
  const [first] = server.listeners('connection');
  return first?.name === 'fail' && `${first}`.includes('ERR_INTERNAL_ASSERTION');
}
