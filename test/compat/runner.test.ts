import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const RUNNER = fileURLToPath(new URL('run.js', import.meta.url));

let checkout: string;

/** A checkout with tests of our own, shaped as Node's are. */
beforeAll(() => {
  checkout = mkdtempSync(join(tmpdir(), 'kevent-checkout-'));
  for (const folder of ['common', 'fixtures', 'parallel', 'sequential']) {
    mkdirSync(join(checkout, 'test', folder), { recursive: true });
  }
  writeFileSync(join(checkout, 'test/common/index.js'), "module.exports = require('node:net');");
});

afterAll(() => rmSync(checkout, { recursive: true }));

function write(tests: Record<string, string>): void {
  for (const folder of ['parallel', 'sequential']) {
    rmSync(join(checkout, 'test', folder), { recursive: true });
    mkdirSync(join(checkout, 'test', folder));
  }
  for (const [name, source] of Object.entries(tests)) writeFileSync(join(checkout, 'test', name), source);
}

async function run(...args: string[]) {
  const child = spawn(process.execPath, [RUNNER, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [output, [code]] = await Promise.all([text(child.stdout), once(child, 'exit')]);
  return { output, code };
}

describe("the runner of Node's own tests", () => {
  it('says that it skips without a checkout', async () => {
    expect(await run()).toEqual({ output: expect.stringContaining('skipped'), code: 0 });
  });

  it('counts what passes, what skips itself and what needs internals, and shows what fails', async () => {
    write({
      'parallel/test-net-passes.js': "require('../common');",
      'parallel/test-net-fails.js': "console.log('what it said'); process.exitCode = 3;",
      'parallel/test-net-skips.js': "console.log('1..0 # Skipped: not here');",
      'parallel/test-net-internals.js': '// Flags: --expose-internals\nprocess.exitCode = 1;',
      'parallel/test-http-other-group.js': 'process.exitCode = 1;',
      'sequential/test-net-gc.js': '// Flags: --expose-gc\ngc();',
    });
    const { output } = await run(checkout, '--group', 'net', '--mode', 'builtin');
    expect(output).toContain('net, builtin: 2 of 3');
    expect(output).toContain("1 left out that need Node's internals; 1 skipped by themselves");
    expect(output).toMatch(/builtin parallel\/test-net-fails\.js\nwhat it said\nended with 3/);
  });

  it('ends what hangs, with the processes that it started', { timeout: 60_000 }, async () => {
    const sleeper = "require('child_process').spawn('sleep', ['1000'], { stdio: 'inherit' });";
    write({ 'parallel/test-net-leaves.js': `${sleeper} setTimeout(() => process.exit(), 100);` });
    const { output } = await run(checkout, '--group', 'net', '--mode', 'builtin');
    expect(output).toContain('net, builtin: 1 of 1');
  });

  it("puts kevent's modules in the place of the built-in ones, for the tests alone", async () => {
    const different = "if (net === process.mainModule.constructor._load('net')) process.exitCode = 1;";
    write({
      'parallel/test-net-required.js': `const net = require('net'); ${different}`,
      'parallel/test-net-prefixed.js': `const net = require('node:net'); ${different}`,
      'parallel/test-net-common.js': `const net = require('../common'); ${different}`,
      'parallel/test-net-child.js': [
        "const { spawnSync } = require('child_process'); const net = require('net');",
        'if (process.argv[2]) {',
        different,
        '} else process.exitCode = spawnSync(process.execPath, [__filename, 1]).status;',
      ].join('\n'),
      'parallel/test-net-assigned.js':
        "const net = require('net'); net.connect = 1; require('assert')(net.connect === 1);",
      'parallel/test-net-imported.mjs': [
        "import net, { Socket } from 'node:net'; import { createRequire } from 'node:module';",
        "if (Socket !== net.Socket || net === createRequire('/')('net')) process.exitCode = 1;",
      ].join('\n'),
    });
    const builtin = await run(checkout, '--group', 'net', '--mode', 'builtin');
    expect(builtin.output).toContain('net, builtin: 1 of 6');
    const kevent = await run(checkout, '--group', 'net', '--mode', 'kevent', '--output');
    expect(kevent.output).toContain('net, kevent: 6 of 6');
    expect(kevent.code).toBe(0);
  });

  it('fails below the promised share, without what the built-in module fails too', async () => {
    const worse = "if (require('net') !== process.mainModule.constructor._load('net')) process.exitCode = 1;";
    write({ 'parallel/test-net-worse.js': worse, 'parallel/test-net-both.js': 'process.exitCode = 1;' });
    const { output, code } = await run(checkout, '--group', 'net');
    expect(output).toContain('net, kevent: 0 of 1 (0.0 %), at least 95 %: MISSED');
    expect(code).toBe(1);
  });
});
