import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import nodeNet, { type AddressInfo, type ListenOptions, type NetConnectOpts, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, it, onTestFinished } from 'vitest';

import net from '../../lib/net.js';
import { all } from './listening.js';

const hasIPv6 = Object.values(networkInterfaces()).some((addresses) =>
  addresses?.some(({ family }) => family === 'IPv6'),
);

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'kevent-net-'));
  onTestFinished(() => rmSync(made, { recursive: true }));
  return made;
}

/** What a server that listens there says to one client, and how both know their ends. */
async function greeting(where: ListenOptions, connectTo: (port: number) => NetConnectOpts) {
  const server = net.createServer((socket) => {
    const { localAddress, localFamily, remoteAddress, remoteFamily } = socket;
    socket.end(JSON.stringify({ localAddress, localFamily, remoteAddress, remoteFamily }));
  });
  server.listen(where);
  await once(server, 'listening');
  const address = server.address();
  const client = net.connect(connectTo((address as AddressInfo).port));
  const said: unknown = JSON.parse(`${await all(client)}`);
  server.close();
  await once(server, 'close');
  return { address, said };
}

it('serves a path, which is gone when the server is closed', async () => {
  const path = join(folder(), 'socket');
  expect(await greeting({ path }, () => ({ path }))).toEqual({ address: path, said: {} });
  expect(existsSync(path)).toBe(false);
});

it('serves an abstract name', async () => {
  const path = `\0kevent-test-${process.pid}`;
  expect((await greeting({ path }, () => ({ path }))).address).toBe(path);
});

it('serves IPv4', async () => {
  const { said } = await greeting({ host: '127.0.0.1', port: 0 }, (port) => ({ port, host: '127.0.0.1' }));
  expect(said).toEqual({
    localAddress: '127.0.0.1',
    localFamily: 'IPv4',
    remoteAddress: '127.0.0.1',
    remoteFamily: 'IPv4',
  });
});

it.skipIf(!hasIPv6)('serves IPv6, and IPv4 with it unless that is excluded', async () => {
  const { said } = await greeting({ host: '::1', port: 0 }, (port) => ({ port, host: '::1' }));
  expect(said).toMatchObject({ localAddress: '::1', remoteFamily: 'IPv6' });
  const both = await greeting({ host: '::', port: 0 }, (port) => ({ port, host: '127.0.0.1' }));
  expect(both.said).toMatchObject({ remoteAddress: '::ffff:127.0.0.1' });
  const alone = greeting({ host: '::', port: 0, ipv6Only: true }, (port) => ({ port, host: '127.0.0.1' }));
  await expect(alone).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});

it('listens on a descriptor that it has inherited, as from systemd', async () => {
  const listening = nodeNet.createServer();
  listening.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  const program = fileURLToPath(new URL('programs/activated.js', import.meta.url));
  const { _handle } = listening as unknown as { _handle: { fd: number } };
  const child = spawn(process.execPath, [program], { stdio: ['ignore', 'pipe', 'inherit', _handle.fd] });
  await once(child.stdout as NonNullable<typeof child.stdout>, 'data');
  listening.close();
  expect(`${await all(net.connect(port, '127.0.0.1'))}`).toBe('activated');
  expect(await once(child, 'exit')).toEqual([0, null]);
});

it('takes a descriptor: of a connection, of the ends of a pipe, but not of a file', async () => {
  const program = fileURLToPath(new URL('programs/descriptors.js', import.meta.url));
  const child = spawn(process.execPath, [program], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin?.end('through the pipes');
  expect(`${await all(child.stdout as NonNullable<typeof child.stdout>)}`).toBe('THROUGH THE PIPES');
  expect(() => new net.Socket({ fd: -1 })).toThrow(expect.objectContaining({ code: 'ERR_OUT_OF_RANGE' }));
  const { openSync } = await import('node:fs');
  const file = openSync(program, 'r');
  expect(() => new net.Socket({ fd: file })).toThrow(
    expect.objectContaining({ code: 'ERR_INVALID_FD_TYPE' }),
  );
  closeSync(file);
});

it('says what cannot be listened on, or connected to, with the address', async () => {
  const taken = net.createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const [inUse] = await once(net.createServer().listen(port, '127.0.0.1'), 'error');
  expect(inUse).toMatchObject({ code: 'EADDRINUSE', syscall: 'listen', address: '127.0.0.1', port });
  taken.close();
  await once(taken, 'close');
  const [refused] = await once(net.connect(port, '127.0.0.1'), 'error');
  expect(refused).toMatchObject({ code: 'ECONNREFUSED', syscall: 'connect', address: '127.0.0.1', port });
  const [missing] = await once(net.connect(join(folder(), 'nobody')), 'error');
  expect(missing).toMatchObject({ code: 'ENOENT', syscall: 'connect' });
});

it('tries the next address when one does not answer', async () => {
  const server = net.createServer((socket) => socket.end('found')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const attempts: string[] = [];
  const client: Socket = net.connect({
    port,
    host: 'somewhere.example',
    autoSelectFamily: true,
    lookup: (_host, _options, callback) => {
      const found = [
        { address: '::1', family: 6 },
        { address: '127.0.0.1', family: 4 },
      ];
      (callback as (error: null, addresses: typeof found) => void)(null, found);
    },
  });
  expect(`${await all(client)}`).toBe('found');
  attempts.push(...(client.autoSelectFamilyAttemptedAddresses ?? []));
  expect(attempts).toEqual([`::1:${port}`, `127.0.0.1:${port}`]);
  server.close();
});
