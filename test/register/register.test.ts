import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { run } from './program.js';

const answers = {
  net: 'net',
  http: 'http',
  https: '127.0.0.1',
  tls: 'tls',
  http2: 'http2',
  http2s: 'http2s',
};

it('puts the servers of every module on the loop', async () => {
  const { output, errors, ended } = await run('modules.js');
  expect([errors, ended]).toEqual(['', 0]);
  expect(JSON.parse(output)).toEqual({ answers, sockets: 'loop' });
});

it('is switched off by KEVENT_REGISTER=0', async () => {
  const { output, errors } = await run('modules.js', { env: { KEVENT_REGISTER: '0' } });
  expect(errors).toBe('');
  expect(JSON.parse(output)).toEqual({ answers, sockets: 'node' });
});

it('reaches CommonJS, classes that extend net.Server, and functions taken out of their module', async () => {
  const { output, errors } = await run('commonjs.cjs');
  expect(errors).toBe('');
  expect(JSON.parse(output)).toEqual({
    answers: ['IPv4 true', 'IPv4 true', 'IPv4 true', 'http'],
    sockets: 'loop',
  });
});

it('reaches the servers of packages', async () => {
  const { output, errors } = await run('frameworks.js');
  expect(errors).toBe('');
  expect(JSON.parse(output)).toEqual({
    answers: {
      express: 'express',
      fastify: 'fastify',
      koa: 'koa',
      hono: 'hono',
      ws: '<ws>',
      'socket.io': 'socket.io',
    },
    sockets: 'loop',
  });
});

it('leaves pipes, child processes, workers, the inspector and fetch as they are', async () => {
  const { output, errors } = await run('surroundings.js', { input: 'from the shell' });
  expect(errors).toBe('');
  expect(JSON.parse(output)).toEqual({
    piped: 'through a pipe',
    stdin: 'from the shell',
    executed: 'executed\n',
    forked: 'child',
    threaded: 'worker',
    inspected: 42,
    fetched: 'parent',
    sockets: 'loop',
  });
});

it.each(['rr', 'none'])('works in a cluster whose scheduling is %s', async (policy) => {
  const { output, errors } = await run('cluster.js', { args: [policy] });
  expect(errors).toBe('');
  const lines = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  const summary = lines.pop();
  expect(summary).toMatchObject({ same: true, known: true, codes: [0, 0] });
  if (policy === 'rr') expect(summary.answered).toBe(2);
  expect(new Set(lines.map(({ sockets }) => sockets).filter((kinds) => kinds !== ''))).toEqual(
    new Set(['loop']),
  );
});

it.each(['rr', 'none'])(
  'lets workers of a cluster be killed and started again, scheduling: %s',
  async (policy) => {
    const { output, errors } = await run('restarts.js', { args: [policy] });
    expect(errors).toBe('');
    expect(JSON.parse(output)).toEqual({ several: true, sockets: ['HttpSocket'] });
  },
);

it('sends servers to child processes, and connections of servers that pause them; says which it cannot', async () => {
  const { output, errors } = await run('handles.js');
  expect(errors).toBe('');
  expect(JSON.parse(output)).toEqual({
    connection: 'a connection of the child',
    refused: 'ERR_INVALID_HANDLE_TYPE',
    server: 'a server of the child',
    http: 'an HTTP server of the child',
  });
});

it('warns once, and leaves the program alone, where there is no binary', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kevent-register-'));
  // What the loader is asked for is then not there, as on a platform that there is no binary for.
  const hide = join(folder, 'hide.cjs');
  writeFileSync(hide, `Object.defineProperty(process, 'platform', { value: 'sunos' });`);
  const { output, errors, ended } = await run('modules.js', { before: ['--require', hide] });
  rmSync(folder, { recursive: true });
  expect(ended).toBe(0);
  expect(JSON.parse(output)).toEqual({ answers, sockets: 'node' });
  expect(
    errors.match(/\[KEVENT_REGISTER\] Warning: .* leaves this program alone: .*Linux only/g),
  ).toHaveLength(1);
});
