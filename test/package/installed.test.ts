import { existsSync } from 'node:fs';
import { cp, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installedProject, type Project, root } from './project.js';

let project: Project;

beforeAll(async () => {
  project = await installedProject();
  await writeFile(
    path.join(project.folder, 'queue.mjs'),
    `import { Queue, request } from 'kevent';
     const queue = new Queue();
     queue.add(request.timer({ after: 1_000_000n }));
     for await (const batch of queue) {
       console.log('events:', batch.length);
       break;
     }
     queue.close();`,
  );
  await writeFile(
    path.join(project.folder, 'raw.mjs'),
    `import { kevent_init, kevent_wait, kevent_close, RING_HEADER, UKEVENT_SIZE } from 'kevent/raw';
     const fd = kevent_init(new SharedArrayBuffer(RING_HEADER + 4 * UKEVENT_SIZE), 4);
     console.log('ready:', kevent_wait(fd, 1, 0, 0n));
     kevent_close(fd);`,
  );
  await writeFile(
    path.join(project.folder, 'required.cjs'),
    `const { Queue } = require('kevent');
     const { kevent_init } = require('kevent/raw');
     const servers = ['net', 'http', 'https', 'http2'].map((name) => require('kevent/' + name).createServer);
     console.log(...[Queue, kevent_init, ...servers].map((value) => typeof value));`,
  );
  await writeFile(
    path.join(project.folder, 'server.mjs'),
    `import { createServer } from 'node:http';
     import { Socket } from 'node:net';
     const answer = (request, response) => response.end(String(request.socket instanceof Socket));
     const server = createServer(answer).listen(0, '127.0.0.1', async () => {
       const response = await fetch('http://127.0.0.1:' + server.address().port);
       console.log('a socket of Node:', await response.text());
       server.close();
     });`,
  );
  await writeFile(
    path.join(project.folder, 'support.mjs'),
    `import { isSupported, Queue } from 'kevent';
     try {
       new Queue().close();
       console.log(isSupported(), 'works');
     } catch (error) {
       console.log(isSupported(), error.code);
     }`,
  );
});

afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
});

test('a queue delivers an event after an install without a compiler', async () => {
  expect(await project.node(['queue.mjs'])).toBe('events: 1\n');
});

test('the five calls are there as kevent/raw', async () => {
  expect(await project.node(['raw.mjs'])).toBe('ready: 0\n');
});

test('CommonJS can require every entry', async () => {
  expect(await project.node(['required.cjs'])).toBe(`${Array(6).fill('function').join(' ')}\n`);
});

test('kevent/register puts the server of an unchanged program on the loop', async () => {
  expect(await project.node(['server.mjs'])).toBe('a socket of Node: true\n');
  expect(await project.node(['--import', 'kevent/register', 'server.mjs'])).toBe('a socket of Node: false\n');
});

test('the command is there', async () => {
  const version = await project.node(['node_modules/.bin/kevent', '--version']);
  expect(version).toMatch(/^\d+\.\d+\.\d+/);
});

test('RxJS need not be installed, and has to be for kevent/rxjs', async () => {
  const attempt = `import('kevent/rxjs').catch(({ code, message }) => console.log(code, message))`;
  expect(await project.node(['--eval', attempt])).toMatch(/^ERR_MODULE_NOT_FOUND .*'rxjs'/);
});

test('without a binary for the platform importing works and the first use says so', async () => {
  const prebuilds = path.join(project.folder, 'node_modules/kevent/prebuilds');
  await rename(prebuilds, `${prebuilds}.away`);
  try {
    expect(await project.node(['support.mjs'])).toBe('false ERR_FEATURE_UNAVAILABLE_ON_PLATFORM\n');
  } finally {
    await rename(`${prebuilds}.away`, prebuilds);
  }
  expect(await project.node(['support.mjs'])).toBe('true works\n');
});

test('a strict TypeScript program compiles against the declarations', async () => {
  await writeFile(
    path.join(project.folder, 'program.mts'),
    `import { Queue, request } from 'kevent';
     import { kevent_init } from 'kevent/raw';
     export const fd: number = kevent_init(null, 0);
     export async function first(queue: Queue): Promise<number> {
       queue.add(request.timer({ every: 1_000_000n }));
       for await (const batch of queue) return batch.length;
       return 0;
     }`,
  );
  const compiler = path.join(root, 'node_modules/typescript/bin/tsc');
  for (const types of ['@types', 'undici-types']) {
    const folder = path.join('node_modules', types);
    await cp(path.join(root, folder), path.join(project.folder, folder), { recursive: true });
  }
  const options = ['--strict', '--noEmit', '--module', 'nodenext', '--target', 'es2022', '--types', 'node'];
  expect(await project.node([compiler, ...options, 'program.mts'])).toBe('');
});

// Takes as long as compiling the addon, and needs the headers that come with Node.js.
const headers = existsSync(path.join(process.execPath, '../../include/node/node_api.h'));
test.runIf(process.env['CI'] && headers)(
  'an installed package can be built from source',
  async () => {
    expect(await project.npm(['run', 'build:native'])).toContain('Release/kevent.node');
    await rm(path.join(project.folder, 'node_modules/kevent/prebuilds'), { recursive: true });
    expect(await project.node(['queue.mjs'])).toBe('events: 1\n');
  },
  300_000,
);
