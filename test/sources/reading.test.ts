import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, rmSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';

import { bytes, lines, Queue } from '../../lib/index.js';

const directory = mkdtempSync(path.join(tmpdir(), 'kevent-reading-'));
let queue: Queue;
let children: ChildProcess[];
let fds: number[];
beforeEach(() => {
  queue = new Queue();
  children = [];
  fds = [];
});
afterEach(() => {
  queue.close();
  for (const child of children) child.kill('SIGKILL');
  for (const fd of fds) closeSync(fd);
});
afterAll(() => rmSync(directory, { recursive: true }));

/** The reading end of a pipe into which a shell command writes. Not a child's stdout: Node.js would read that itself. */
function pipeFrom(command: string): number {
  const name = path.join(directory, `fifo-${fds.length}-${queue.fd}-${Date.now()}`);
  execFileSync('mkfifo', [name]);
  const fd = openSync(name, constants.O_RDONLY | constants.O_NONBLOCK);
  fds.push(fd);
  children.push(spawn('sh', ['-c', `{ ${command}; } > ${name}`], { stdio: 'inherit' }));
  return fd;
}

async function text(chunks: AsyncIterable<Uint8Array>): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const chunk of chunks) parts.push(chunk);
  return Buffer.concat(parts).toString();
}

describe('bytes', () => {
  it('are all that there are, until the end', async () => {
    const all = await text(bytes(pipeFrom('seq 100000'), { queue }));
    expect(all).toBe(`${Array.from({ length: 100_000 }, (_, i) => i + 1).join('\n')}\n`);
    expect(queue.stats().kevents).toBe(0);
  });

  it('are read when they are asked for: what a loop has not had is there for the next', async () => {
    const stream = bytes(pipeFrom('printf abcdef'), { queue, chunkSize: 2 });
    expect(Buffer.from((await stream.once()) ?? []).toString()).toBe('ab');
    expect(Buffer.from((await stream.once()) ?? []).toString()).toBe('cd');
    expect(await text(stream)).toBe('ef');
  });

  it('come from sockets', async () => {
    let other: Socket | undefined;
    const server = createServer((socket) => {
      other = socket;
      socket.end('hello');
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    const { port } = server.address() as { port: number };
    const socket = connect({ port });
    // Node.js must not read what we are to read.
    (socket as unknown as { read: () => null }).read = () => null;
    await new Promise((resolve) => socket.once('connect', resolve));
    expect(await text(bytes(socket, { queue }))).toBe('hello');
    socket.destroy();
    other?.destroy();
    server.close();
  });

  it('go into a byte stream of the web, also for a reader that brings its own buffer', async () => {
    const readable = bytes(pipeFrom('printf 0123456789'), { queue }).toReadable({ type: 'bytes' });
    const reader = readable.getReader({ mode: 'byob' });
    let all = '';
    for (;;) {
      const { value, done } = await reader.read(new Uint8Array(4));
      all += Buffer.from(value ?? []).toString();
      if (done) break;
    }
    expect(all).toBe('0123456789');
    expect(
      await new Response(bytes(pipeFrom('printf abc'), { queue }).toReadable({ type: 'bytes' })).text(),
    ).toBe('abc');
  });

  it('fail in the loop for what cannot be polled', async () => {
    await expect(bytes(openSync('package.json', 'r'), { queue }).once()).rejects.toMatchObject({
      code: 'EPERM',
    });
    expect(() => bytes(0, { chunkSize: 0 })).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
  });
});

describe('lines', () => {
  it('are cut at newlines, wherever chunks end', async () => {
    const command = String.raw`printf 'a\r\nb'; sleep 0.02; printf 'c\n\n\303'; sleep 0.02; printf '\244\nlast'`;
    expect(await lines(pipeFrom(command), { queue }).toArray()).toEqual(['a', 'bc', '', 'ä', 'last']);
  });

  it('are all there, many in one chunk', async () => {
    let sum = 0;
    for await (const line of lines(pipeFrom('seq 200000'), { queue })) {
      sum += 1;
      expect(line).toBe(`${sum}`);
    }
    expect(sum).toBe(200_000);
  });

  it('that were read and not had are for the next loop over the same stream', async () => {
    const stream = lines(pipeFrom('seq 6'), { queue });
    expect(await stream.take(2).toArray()).toEqual(['1', '2']);
    expect(await stream.once()).toBe('3');
    expect(await stream.toArray()).toEqual(['4', '5', '6']);
  });

  it('can be a million bytes long, but not longer than is allowed', async () => {
    const command = 'head -c 1000000 /dev/zero; echo; echo end';
    const [first, second] = await lines(pipeFrom(command), { queue }).toArray();
    expect([first?.length, second]).toEqual([1_000_000, 'end']);
    const seen: string[] = [];
    const short = lines(pipeFrom(`echo ok; ${command}`), { queue, maxLength: 1000 });
    await expect(short.forEach((line) => void seen.push(line))).rejects.toMatchObject({
      code: 'ERR_OUT_OF_RANGE',
    });
    expect(seen).toEqual(['ok']);
  });

  it('refuse encodings in which a newline is not one byte', () => {
    expect(() => lines(0, { encoding: 'utf16le' as 'utf8' })).toThrow(
      expect.objectContaining({ code: 'ERR_INVALID_ARG_VALUE' }),
    );
  });
});
