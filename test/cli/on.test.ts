import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { Command, killAll } from './command.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(path.join(tmpdir(), 'kevent-on-'));
});
afterEach(() => {
  killAll();
  rmSync(directory, { recursive: true });
});

function file(name: string): string {
  return path.join(directory, name);
}

/** `kevent on fd:0`, whose bursts are made by writing to it. */
function onInput(script: string, ...options: string[]): Command {
  return new Command(['on', ...options, 'fd:0', '--', 'sh', '-c', script]);
}

describe('kevent on', () => {
  it('runs a command once for each burst', async () => {
    const on = onInput('echo run');
    on.child.stdin?.write('a\nb\nc\n');
    await expect.poll(() => on.lines).toEqual(['run']);
    await delay(100);
    on.child.stdin?.write('d\n');
    await expect.poll(() => on.lines).toEqual(['run', 'run']);
    on.child.stdin?.end();
    expect(await on.ended).toEqual({ code: 0, signal: null });
    expect(on.lines).toHaveLength(2);
  });

  it('never runs it twice at once: bursts during a run make exactly one more', async () => {
    const gate = file('gate');
    const script = `echo begin; while [ ! -e '${gate}' ]; do sleep 0.01; done; echo end`;
    const on = onInput(script, '--settle', '5ms');
    on.child.stdin?.write('a\n');
    await expect.poll(() => on.lines).toEqual(['begin']);
    for (let burst = 0; burst < 5; burst += 1) {
      on.child.stdin?.write('b\n');
      await delay(30);
    }
    expect(on.lines).toEqual(['begin']);
    writeFileSync(gate, '');
    await expect.poll(() => on.lines).toEqual(['begin', 'end', 'begin', 'end']);
    await delay(50);
    on.child.stdin?.end();
    await on.ended;
    expect(on.lines).toEqual(['begin', 'end', 'begin', 'end']);
  });

  it('runs it for changes of files, and leaves what never rests some runs', async () => {
    const on = new Command(['on', `watch:${directory}`, '-n', '1', '--', 'sh', '-c', 'echo changed']);
    const writing = setInterval(() => writeFileSync(file('busy'), `${Date.now()}`), 10);
    expect(await on.ended).toEqual({ code: 0, signal: null });
    clearInterval(writing);
    expect(on.lines).toEqual(['changed']);
  });

  it('runs it for changes below a directory that was made meanwhile', async () => {
    const on = new Command(['on', '-i', `watch:${directory}`, '--', 'sh', '-c', 'echo run']);
    await expect.poll(() => on.lines).toEqual(['run']);
    // The command may be there before the watch is.
    const touched = (): number => {
      writeFileSync(file('touched'), '');
      return on.lines.length;
    };
    await expect.poll(touched, { interval: 200, timeout: 10_000 }).toBeGreaterThan(1);
    mkdirSync(file('below'));
    await delay(150);
    const before = on.lines.length;
    writeFileSync(path.join(file('below'), 'new'), '');
    await expect.poll(() => on.lines.length).toBeGreaterThan(before);
    on.child.kill('SIGTERM');
    expect(await on.ended).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('runs it at the beginning too if it is asked to', async () => {
    const on = new Command(['on', '--initially', 'timer:1h', '-n', '1', '--', 'echo', 'at once']);
    expect(await on.ended).toEqual({ code: 0, signal: null });
    expect(on.lines).toEqual(['at once']);
  });

  it('runs it for the last burst before the end, and ends with its status', async () => {
    const on = onInput('echo run; exit 7', '--settle', '1h');
    on.child.stdin?.end('a\n');
    expect(await on.ended).toEqual({ code: 7, signal: null });
    expect(on.lines).toEqual(['run']);
  });

  it('ends with 0 if there was nothing, and with 128 and the signal if that ended the command', async () => {
    const nothing = onInput('echo run');
    nothing.child.stdin?.end();
    expect(await nothing.ended).toEqual({ code: 0, signal: null });
    const killed = onInput('kill -TERM $$');
    killed.child.stdin?.end('a\n');
    expect(await killed.ended).toEqual({ code: 143, signal: null });
  });

  it('goes on after a run that failed', async () => {
    const on = onInput('echo run; exit 1', '-n', '2');
    on.child.stdin?.write('a\n');
    await expect.poll(() => on.lines).toEqual(['run']);
    await delay(60);
    on.child.stdin?.write('b\n');
    expect(await on.ended).toEqual({ code: 1, signal: null });
    expect(on.lines).toEqual(['run', 'run']);
  });

  it('says that a command is not there, or not one: 127, 126', async () => {
    const missing = new Command(['on', 'timer:1ms', '--', file('missing')]);
    expect(await missing.ended).toEqual({ code: 127, signal: null });
    expect(missing.stderr).toBe(`kevent: ${file('missing')}: command not found\n`);
    writeFileSync(file('text'), 'no program');
    chmodSync(file('text'), 0o644);
    const text = new Command(['on', 'timer:1ms', '--', file('text')]);
    expect(await text.ended).toEqual({ code: 126, signal: null });
    expect(text.stderr).toBe(`kevent: ${file('text')}: permission denied\n`);
  });

  it('passes arguments and options of the command on as they are', async () => {
    const args = ['--', 'printf', '[%s]', '-n', '--help', 'a b', ''];
    const on = new Command(['on', '-n', '1', 'timer:1ms', ...args]);
    await on.ended;
    expect(on.stdout).toBe('[-n][--help][a b][]');
  });

  it('leaves its standard input to the command, unless that is a source', async () => {
    const on = new Command(['on', '-n', '1', 'timer:1ms', '--', 'cat']);
    on.child.stdin?.end('for the command');
    await on.ended;
    expect(on.stdout).toBe('for the command');
    const source = onInput('cat', '-n', '1');
    source.child.stdin?.write('for kevent\n');
    expect(await source.ended).toEqual({ code: 0, signal: null });
    expect(source.stdout).toBe('');
  });

  it('says which source failed: status 1', async () => {
    const on = new Command(['on', 'timer:1h', 'fd:999', '--', 'true']);
    expect(await on.ended).toEqual({ code: 1, signal: null });
    expect(on.stderr).toBe('kevent: fd:999: it is not open\n');
  });
});

describe('a signal', () => {
  const script = (traps: string): string => `${traps}; echo ready; while :; do sleep 0.01; done`;

  it('goes to the command, and ends both', async () => {
    const on = onInput(script("trap 'echo got TERM; exit 3' TERM"));
    on.child.stdin?.write('a\n');
    await expect.poll(() => on.lines).toEqual(['ready']);
    on.child.kill('SIGTERM');
    expect(await on.ended).toEqual({ code: null, signal: 'SIGTERM' });
    expect(on.lines).toEqual(['ready', 'got TERM']);
  });

  it('ends it only when the command has ended, and no run follows', async () => {
    const gate = file('gate');
    const wait = `while [ ! -e '${gate}' ]; do sleep 0.01; done; echo end`;
    const on = onInput(`trap 'echo got INT' INT; echo ready; ${wait}`);
    on.child.stdin?.write('a\n');
    await expect.poll(() => on.lines).toEqual(['ready']);
    on.child.stdin?.write('b\n');
    await delay(100);
    on.child.kill('SIGINT');
    await expect.poll(() => on.lines).toContain('got INT');
    expect(on.child.exitCode).toBe(null);
    writeFileSync(gate, '');
    expect(await on.ended).toEqual({ code: null, signal: 'SIGINT' });
    expect(on.lines).toEqual(['ready', 'got INT', 'end']);
  });

  it('ends it at once when nothing runs', async () => {
    const on = new Command(['on', '-n', '2', 'timer:300ms', '--', 'echo', 'run']);
    await expect.poll(() => on.lines).toEqual(['run']);
    on.child.kill('SIGHUP');
    expect(await on.ended).toEqual({ code: null, signal: 'SIGHUP' });
  });

  it('of another kind only goes to the command', async () => {
    const on = onInput(script("trap 'echo got USR1' USR1"));
    on.child.stdin?.write('a\n');
    await expect.poll(() => on.lines).toEqual(['ready']);
    on.child.kill('SIGUSR1');
    await expect.poll(() => on.lines).toEqual(['ready', 'got USR1']);
    on.child.kill('SIGTERM');
    expect(await on.ended).toEqual({ code: null, signal: 'SIGTERM' });
  });

  it('that is a source is nothing else', async () => {
    const on = new Command(['on', 'signal:USR1', '-i', '--', 'sh', '-c', 'echo $$ >> "$0"', file('runs')]);
    const runs = (): number => {
      try {
        return readFileSync(file('runs'), 'utf8').split('\n').length - 1;
      } catch {
        return 0;
      }
    };
    await expect.poll(runs).toBe(1);
    on.child.kill('SIGUSR1');
    await expect.poll(runs).toBe(2);
  });
});
