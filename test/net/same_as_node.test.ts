import { AsyncLocalStorage } from 'node:async_hooks';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import * as node from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';

import * as kevent from '../../lib/net.js';
import { signal } from './listening.js';

type Net = Pick<typeof node, 'createServer' | 'connect' | 'Socket'>;
/** What a program sees, with one module or the other. */
type Program = (net: Net, told: (...what: unknown[]) => void) => Promise<void>;

const folder = mkdtempSync(join(tmpdir(), 'kevent-net-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** An address that is listened on, and what ends it. */
async function serve(
  net: Net,
  accepted: (socket: node.Socket) => void,
): Promise<{ at: { port: number; host: string } } & AsyncDisposable> {
  const server = net.createServer(accepted).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    at: { port: (server.address() as node.AddressInfo).port, host: '127.0.0.1' },
    [Symbol.asyncDispose]: async () => void (await new Promise((done) => server.close(done))),
  };
}

/** The same, and all that its first connection has received until it is gone. */
async function listen(net: Net): Promise<Awaited<ReturnType<typeof serve>> & { heard: Promise<string> }> {
  const heard = signal<string>();
  const server = await serve(net, (socket) => {
    let text = '';
    socket.on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', () => {}).on('close', () => heard.resolve(text));
  });
  return { ...server, heard: heard.promise };
}

/** What 'close' says, error or not. */
function closed(socket: node.Socket): Promise<unknown[]> {
  return new Promise((resolve) => socket.once('close', (...what) => resolve(what)));
}

/** So many that whatever has come to the machine's own address is told. */
async function turns(): Promise<void> {
  for (let i = 0; i < 10; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

function code(error: unknown): unknown {
  return (error as NodeJS.ErrnoException | null | undefined)?.code;
}

const PROGRAMS: Record<string, Program> = {
  'promises run between two chunks, however much has come': async (net, told) => {
    await using server = await serve(net, (socket) => socket.end(Buffer.alloc(1_000_000)));
    const socket = net.connect(server.at);
    await once(socket, 'connect');
    const ended = new AbortController();
    socket.on('end', () => ended.abort());
    let sum = 0;
    try {
      for (;;) sum += ((await once(socket, 'data', { signal: ended.signal })) as [Buffer])[0].length;
    } catch {
      told(sum);
    }
  },

  'an aborted socket without a listener of errors closes': async (net, told) => {
    await using server = await serve(net, (socket) => socket.resume());
    const abort = new AbortController();
    const options = { ...server.at, signal: abort.signal };
    const socket = net.connect(options, () => abort.abort());
    const [hadError] = await closed(socket);
    told(hadError);
  },

  'a Unix socket is told of when a promise has run, and its attempts are events': async (net, told) => {
    const path = join(folder, 'socket');
    const server = net.createServer((socket) => socket.end()).listen(path);
    await once(server, 'listening');
    for (const at of [path, join(folder, 'none')]) {
      const socket = net.connect(at);
      const gone = closed(socket);
      await null;
      socket.on('connect', () => told('connect'));
      socket.on('connectionAttemptFailed', (...what) => told('failed', what[0] === at, code(what[3])));
      socket.on('error', (error) => told(code(error), socket.connecting));
      socket.resume();
      await gone;
    }
    server.close();
  },

  'a socket is not through with its end before promises have run': async (net, told) => {
    const { promise, resolve } = signal();
    await using server = await serve(net, (socket) => {
      socket.resume();
      socket.on('error', (error) => told('error', code(error)));
      socket.on('close', (hadError) => {
        told('close', hadError);
        resolve();
      });
      socket.on('end', async () => {
        await null;
        told(socket.destroyed, typeof socket.localPort);
        socket.write('x', (error) => told('callback', code(error)));
      });
    });
    net.connect(server.at).end();
    await promise;
  },

  'all that was written is sent before destroy(), and its callbacks are called': async (net, told) => {
    await using server = await listen(net);
    const socket = net.connect(server.at, () => {
      socket.write('one,', (error) => told('callback', code(error)));
      socket.write('two,', () => {});
      socket.write('three', () => {});
      socket.destroy();
      told('errored', socket.errored);
    });
    socket.on('error', (error) => told('error', code(error)));
    const [hadError] = await closed(socket);
    told(hadError, await server.heard);
  },

  'what was written is sent before a reset': async (net, told) => {
    await using server = await listen(net);
    const socket = net.connect(server.at, () => {
      socket.write('bye', (error) => told('callback', code(error)));
      socket.resetAndDestroy();
    });
    await closed(socket);
    told(await server.heard);
  },

  'onread is not called once it has returned false': async (net, told) => {
    const { promise, resolve } = signal();
    await using server = await serve(net, async (socket) => {
      socket.on('error', () => {});
      for (const text of ['one', 'two', 'three']) {
        socket.write(text);
        await turns();
      }
      resolve();
    });
    const callback = (length: number, buffer: Uint8Array): boolean => {
      told(Buffer.from(buffer.subarray(0, length)).toString());
      return false;
    };
    const socket = net.connect({ ...server.at, onread: { buffer: Buffer.alloc(100), callback } });
    socket.on('error', () => {});
    await promise;
    socket.destroy();
  },

  'a connection is not replaced by connect()': async (net, told) => {
    let accepted = 0;
    await using server = await serve(net, (socket) => {
      accepted += 1;
      socket.resume().on('error', () => {});
    });
    await using other = await serve(net, (socket) => socket.destroy());
    const socket = net.connect(server.at);
    await once(socket, 'connect');
    socket.connect(server.at);
    await once(socket, 'connect');
    socket.connect(other.at);
    const [error] = await once(socket, 'error');
    told(accepted, code(error));
  },

  'a callback hears of an error before the listeners do, whatever the size': async (net, told) => {
    for (const size of [10, 100_000]) {
      await using server = await serve(net, (socket) => socket.destroy());
      const socket = net.connect({ ...server.at, allowHalfOpen: true });
      socket.resume();
      socket.on('error', (error) => told(size, 'error', code(error)));
      await once(socket, 'end');
      socket.write('x');
      await turns();
      socket.write(Buffer.alloc(size), (error) => told(size, 'callback', code(error)));
      await closed(socket);
    }
  },

  'callbacks of writes come in the context of who wrote': async (net, told) => {
    const storage = new AsyncLocalStorage<string>();
    await using server = await serve(net, (socket) => socket.resume());
    const socket = net.connect(server.at);
    await once(socket, 'connect');
    for (const size of [1, 20_000, 8_000_000]) {
      await new Promise<void>((resolve) => {
        storage.run(`wrote ${size}`, () => {
          socket.write(Buffer.alloc(size), () => {
            told(storage.getStore());
            resolve();
          });
        });
      });
    }
    storage.run('ended', () => socket.end(() => told(storage.getStore())));
    await closed(socket);
  },

  'what has no connection closes without saying whether there was an error': async (net, told) => {
    const socket = new net.Socket();
    socket.destroy();
    told(...(await closed(socket)));
  },

  'a Unix socket cannot be reset': async (net, told) => {
    const path = join(folder, 'reset');
    const server = net.createServer((socket) => socket.end()).listen(path);
    await once(server, 'listening');
    const socket = net.connect(path);
    await once(socket, 'connect');
    try {
      socket.resetAndDestroy();
    } catch (error) {
      told(code(error));
    }
    socket.destroy();
    server.close();
    await once(server, 'close');
  },

  'arguments that do not matter are ignored': async (net, told) => {
    const nothing = null as unknown as undefined;
    await using server = await serve(net, (socket) => socket.end());
    const options = { ...server.at, timeout: nothing, autoSelectFamilyAttemptTimeout: nothing };
    const socket = net.connect({ ...options, signal: nothing } as node.NetConnectOpts).resume();
    told(...(await closed(socket)));
    told(new net.Socket(nothing).destroyed);
    const listener = net.createServer().listen({ port: 0, backlog: '511' as unknown as number });
    await once(listener, 'listening');
    listener.close();
    try {
      net.connect({ port: 65_536 });
    } catch (error) {
      told((error as Error).message);
    }
  },
};

it.each(Object.keys(PROGRAMS))('%s, as with node:net', async (name) => {
  const run = async (net: Net): Promise<unknown[]> => {
    const all: unknown[] = [];
    await PROGRAMS[name]?.(net, (...what) => all.push(what));
    return all;
  };
  const expected = await run(node);
  expect(expected.length).toBeGreaterThan(0);
  expect(await run(kevent as unknown as Net)).toEqual(expected);
});

// Node.js 20 does it too; later ones finish at once, and never end.
it('a socket that was ended before it connects ends when it has', async () => {
  const told: string[] = [];
  const { promise, resolve } = signal();
  await using server = await serve(kevent as unknown as Net, (socket) => {
    socket.resume().on('end', () => resolve());
  });
  const socket = new kevent.Socket();
  for (const event of ['connect', 'finish', 'close']) socket.on(event, () => told.push(event));
  const gone = closed(socket as unknown as node.Socket);
  socket.end();
  socket.connect(server.at);
  expect(socket.writable).toBe(true);
  await Promise.all([promise, gone]);
  expect(told).toEqual(['connect', 'finish', 'close']);
});
