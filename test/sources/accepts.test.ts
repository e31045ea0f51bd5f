import { type ChildProcess, spawn } from 'node:child_process';
import { connect, createServer, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { accepts, Queue } from '../../lib/index.js';
import { Fifo } from '../raw/fifo.js';

let sockets: Socket[];
let child: ChildProcess | undefined;
beforeEach(() => {
  sockets = [];
});
afterEach(() => {
  for (const socket of sockets) socket.destroy();
  child?.kill('SIGKILL');
  child = undefined;
});

/** A process that accepts from a socket which is listening already, as one that systemd has started. */
class Accepting {
  readonly seen: Record<string, unknown>[] = [];
  readonly #port: number;
  readonly #host: string;
  readonly #child: ChildProcess;

  private constructor(port: number, host: string, running: ChildProcess) {
    this.#port = port;
    this.#host = host;
    this.#child = running;
    const { stdout } = running;
    if (stdout === null) throw new Error('no stdout');
    createInterface(stdout).on('line', (line) => this.seen.push(JSON.parse(line)));
  }

  static async start(host: string, limit = 'unlimited'): Promise<Accepting> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, host, resolve));
    const { port } = server.address() as { port: number };
    const { fd } = (server as unknown as { _handle: { fd: number } })._handle;
    const program = fileURLToPath(new URL('programs/accept.js', import.meta.url));
    const command = limit === 'unlimited' ? 'exec "$@"' : `ulimit -n ${limit}; exec "$@"`;
    const running = spawn('sh', ['-c', command, 'sh', process.execPath, program], {
      stdio: ['pipe', 'pipe', 'inherit', fd],
    });
    child = running;
    server.close();
    return new Accepting(port, host, running);
  }

  dial(count: number): void {
    for (let i = 0; i < count; i += 1) {
      const socket = connect(this.#port, this.#host);
      socket.on('error', () => undefined);
      sockets.push(socket);
    }
  }

  say(line: string): void {
    this.#child.stdin?.write(`${line}\n`);
  }
}

describe('accepts', () => {
  it.each([
    ['127.0.0.1', 'IPv4'],
    ['::1', 'IPv6'],
  ])('has each connection that waits at %s, and where it comes from', async (host, family) => {
    const accepting = await Accepting.start(host);
    accepting.dial(20);
    await expect.poll(() => sockets.every(({ connecting }) => !connecting)).toBe(true);
    expect(accepting.seen).toEqual([]);
    accepting.say('begin');
    await expect.poll(() => accepting.seen.length, { timeout: 10_000 }).toBe(20);
    const ports = sockets.map(({ localPort }) => localPort).sort();
    expect(accepting.seen.map(({ port }) => port).sort()).toEqual(ports);
    for (const connection of accepting.seen) {
      expect(connection).toMatchObject({ address: host, family, socket: true });
    }
  });

  it('waits while there are no fds, and goes on when there are', async () => {
    const accepting = await Accepting.start('127.0.0.1', '100');
    accepting.dial(120);
    accepting.say('begin');
    await expect.poll(() => accepting.seen.length, { timeout: 10_000 }).toBeGreaterThan(2);
    for (let rounds = 0; rounds < 200 && accepting.seen.length < 120; rounds += 1) {
      accepting.say('close');
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await expect.poll(() => accepting.seen.length).toBe(120);
    expect(accepting.seen.every(({ socket }) => socket)).toBe(true);
  });

  it('fails when there are none for long', async () => {
    const accepting = await Accepting.start('127.0.0.1', '100');
    accepting.dial(120);
    accepting.say('begin');
    await expect
      .poll(() => accepting.seen.at(-1), { timeout: 10_000 })
      .toEqual({ code: 'EMFILE', syscall: 'accept4' });
  });

  it('fails for what is not listening', async () => {
    await using queue = new Queue();
    const fifo = new Fifo();
    fifo.write('a');
    await expect(accepts(fifo.fd, { queue }).once()).rejects.toMatchObject({ code: 'ENOTSOCK' });
    fifo.close();
  });
});
