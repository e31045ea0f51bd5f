import { once } from 'node:events';
import type { IncomingMessage, RequestListener, Server, ServerOptions } from 'node:http';
import { type AddressInfo, connect, type Socket as NodeSocket } from 'node:net';
import type { Readable } from 'node:stream';
import { afterEach } from 'vitest';

import * as http from '../../lib/http.js';

const running: { close(): unknown; listening: boolean; closeAllConnections?(): void }[] = [];
const clients: NodeSocket[] = [];

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  for (const server of running.splice(0)) {
    if (!server.listening) continue;
    const closed = once(server as never, 'close');
    server.closeAllConnections?.();
    server.close();
    await closed;
  }
});

/** Listens on a free port of the loopback, and is closed after the test. */
export async function listening<
  S extends { listen(port: number, host: string): unknown; address(): unknown },
>(server: S): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server as never, 'listening');
  running.push(server as never);
  return (server.address() as AddressInfo).port;
}

/** An HTTP server on the loop. */
export async function serve(
  listener: RequestListener | undefined,
  options: ServerOptions = {},
): Promise<{ server: Server; port: number }> {
  const server = http.createServer(options, listener);
  return { server, port: await listening(server) };
}

/** A connection of node:net's that collects what comes, as text, byte for byte. */
export class RawClient {
  received = '';
  ended = false;
  failure: string | undefined;
  readonly socket: NodeSocket;
  readonly #changed = new Set<() => void>();

  private constructor(port: number, allowHalfOpen: boolean) {
    this.socket = connect({ port, host: '127.0.0.1', allowHalfOpen });
    clients.push(this.socket);
    this.socket.setEncoding('latin1');
    this.socket.on('data', (chunk: string) => {
      this.received += chunk;
      this.#look();
    });
    this.socket.on('error', (error: NodeJS.ErrnoException) => {
      this.failure = error.code;
      this.#look();
    });
    for (const event of ['end', 'close']) {
      this.socket.on(event, () => {
        this.ended = true;
        this.#look();
      });
    }
  }

  static async open(port: number, { allowHalfOpen = false } = {}): Promise<RawClient> {
    const client = new RawClient(port, allowHalfOpen);
    await once(client.socket, 'connect');
    return client;
  }

  #look(): void {
    for (const look of this.#changed) look();
  }

  /** Writes lines, each ended by CRLF. */
  send(...lines: string[]): void {
    this.socket.write(lines.map((line) => `${line}\r\n`).join(''), 'latin1');
  }

  /** Until `condition` is true of what was received. */
  async until(condition: (client: RawClient) => boolean): Promise<string> {
    await new Promise<void>((resolve) => {
      const look = (): void => {
        if (!condition(this)) return;
        this.#changed.delete(look);
        resolve();
      };
      this.#changed.add(look);
      look();
    });
    return this.received;
  }

  /** Until `text` has come. */
  untilReceived(text: string): Promise<string> {
    return this.until(({ received }) => received.includes(text));
  }

  /** Until the other side has closed. */
  untilEnd(): Promise<string> {
    return this.until(({ ended }) => ended);
  }
}

export async function text(stream: Readable): Promise<string> {
  let all = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) all += chunk;
  return all;
}

/** The response to a request of our own client. */
export async function fetched(
  options: http.RequestOptions,
  body?: string | Buffer,
): Promise<{ response: IncomingMessage; body: string }> {
  const request = http.request({ host: '127.0.0.1', ...options });
  request.end(body);
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  return { response, body: await text(response) };
}
