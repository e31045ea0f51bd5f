import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  mkdtempSync,
  openSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Program } from './program.js';

const EVERYTHING = fileURLToPath(new URL('../../docs/examples/everything.js', import.meta.url));

let folder: string;
let pipe: number;
const programs: Program[] = [];

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kevent-docs-'));
  execFileSync('mkfifo', [join(folder, 'pipe')]);
  pipe = openSync(join(folder, 'pipe'), constants.O_RDWR);
});
afterAll(() => {
  for (const { child } of programs) child.kill('SIGKILL');
  closeSync(pipe);
  rmSync(folder, { recursive: true });
});

function everything(argv: readonly string[], stdin: number | 'ignore'): Program {
  const program = new Program([EVERYTHING, ...argv], undefined, stdin);
  programs.push(program);
  return program;
}

describe('npm start', () => {
  it('prints every event as it comes, and a summary on SIGINT', async () => {
    const program = everything([], pipe);
    const { pid } = program.child;
    const [, file = ''] = await program.prints(/touch (\S+)\n/);
    const [, port = ''] = await program.prints(/nc 127\.0\.0\.1 (\d+)/);
    await program.prints(/kill -USR1 (\d+)/);
    await program.prints(/\n\n/);

    await program.prints(/ s {2}timer {4}tick 1\n/);

    const socket = connect(Number(port), '127.0.0.1');
    expect(await text(socket)).toBe('You have reached kevent.\n');
    await program.prints(/ s {2}socket {3}127\.0\.0\.1:\d+ connected\n/);

    writeFileSync(file, '');
    await program.prints(/ s {2}file {5}hello created.*closed\n/s);

    writeSync(pipe, 'a line\n');
    await program.prints(/ s {2}input {4}"a line"\n/);

    program.child.kill('SIGUSR1');
    await program.prints(
      new RegExp(` s {2}signal {3}SIGUSR1 from process ${process.pid} of user ${process.getuid?.()}\n`),
    );
    await program.prints(/ s {2}user {5}fired\n/);

    program.child.kill('SIGINT');
    expect(await program.ended()).toBe(0);
    expect(program.output).toMatch(new RegExp(`SIGINT from process ${process.pid} `));
    const [, summary = ''] = await program.prints(/\n {2}events {3}(.*)\n/);
    for (const part of [/\d timer/, /1 socket/, /\d file/, /1 input/, /1 user/, /2 signal/]) {
      expect(summary).toMatch(part);
    }
    expect(program.output).toMatch(/\n {2}queue {4}7 kevents, \d+ events delivered/);
    expect(program.errors).toBe('');
    expect(program.output).toContain(`kill -USR1 ${pid}`);
    expect(existsSync(file)).toBe(false);
  });

  it('takes every connection, also when several come at once', async () => {
    const program = everything([], 'ignore');
    const [, port = ''] = await program.prints(/nc 127\.0\.0\.1 (\d+)/);
    const count = 20;
    await Promise.all(Array.from({ length: count }, () => text(connect(Number(port), '127.0.0.1'))));
    program.child.kill('SIGINT');
    expect(await program.ended()).toBe(0);
    expect(program.output.match(/127\.0\.0\.1:\d+ connected/g)).toHaveLength(count);
    expect(program.output).toContain(`${count} socket`);
  });

  it('watches the directory that it is given, and leaves it there', async () => {
    const program = everything([folder], 'ignore');
    await program.prints(/user .*\n\n/);
    writeFileSync(join(folder, 'given'), 'text');
    await program.prints(/ given .*closed\n/);
    program.child.kill('SIGINT');
    expect(await program.ended()).toBe(0);
    expect(existsSync(join(folder, 'given'))).toBe(true);
  });

  it('says so when there is nothing to wait for on standard input', async () => {
    const program = everything(['--seconds', '0'], 'ignore');
    expect(await program.ended()).toBe(0);
    expect(program.output).toContain('nothing to wait for');
    expect(program.output).toContain('6 kevents');
  });

  it('tells the end of its input once, and goes on', async () => {
    const path = join(folder, 'ends');
    execFileSync('mkfifo', [path]);
    // Both ends, because opening one waits for the other.
    const both = openSync(path, constants.O_RDWR);
    const reader = openSync(path, constants.O_RDONLY);
    const program = everything([], reader);
    closeSync(reader);
    await program.prints(/user .*\n\n/);
    writeSync(both, 'the last');
    await program.prints(/"the last"/);
    closeSync(both);
    await program.prints(/end of input\n.*tick/s);
    program.child.kill('SIGINT');
    expect(await program.ended()).toBe(0);
    expect(program.output.match(/end of input/g)).toHaveLength(1);
  });

  it('ends by itself after --seconds', async () => {
    const program = everything(['--seconds', '0.05'], 'ignore');
    expect(await program.ended()).toBe(0);
    expect(program.output).toMatch(/0\.05 s are over\n\n {2}events {3}1 timer\n/);
  });
});
