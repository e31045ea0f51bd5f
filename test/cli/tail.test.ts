import { spawn, spawnSync } from 'node:child_process';
import {
  appendFileSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';

import { Fifo } from '../raw/fifo.js';
import { Command, killAll, PROGRAM } from './command.js';

/** More changes than the kernel holds records of. */
const OVERFLOWING = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8')) + 100;

afterEach(killAll);

describe('kevent tail', () => {
  it('prints JSON lines into a pipe', async () => {
    const tail = new Command(['tail', 'timer:20ms', '-n', '3']);
    expect(await tail.ended).toEqual({ code: 0, signal: null });
    expect(tail.values.map(({ source }) => source)).toEqual(['timer:20ms', 'timer:20ms', 'timer:20ms']);
    const indices = tail.values.map(({ index }) => index as number);
    expect(indices).toEqual([...indices].sort((a, b) => a - b));
    for (const { time } of tail.values) {
      expect(Math.abs(Date.parse(time as string) - Date.now())).toBeLessThan(60_000);
    }
  });

  it('shows lines of its standard input until the end of it, which ends it', async () => {
    const tail = new Command(['tail', 'fd:0']);
    tail.child.stdin?.write('first\nsec');
    await expect.poll(() => tail.values.map(({ line }) => line)).toEqual(['first']);
    tail.child.stdin?.end('ond\nlast');
    expect(await tail.ended).toEqual({ code: 0, signal: null });
    expect(tail.values.map(({ line }) => line)).toEqual(['first', 'second', 'last']);
  });

  it('shows who sent a signal, also one that would have ended it', async () => {
    const tail = new Command(['tail', 'signal:HUP', 'signal:RTMIN+3', 'timer:10ms']);
    await expect.poll(() => tail.lines.length).toBeGreaterThan(0);
    tail.child.kill('SIGHUP');
    process.kill(tail.child.pid ?? 0, 37);
    const signals = (): unknown[] => tail.values.filter(({ pid }) => pid !== undefined);
    await expect.poll(() => signals().length).toBe(2);
    expect(signals()).toContainEqual(
      expect.objectContaining({ source: 'signal:HUP', signal: 'SIGHUP', pid: process.pid, value: 0 }),
    );
    expect(signals()).toContainEqual(expect.objectContaining({ signal: 'SIGRTMIN+3', pid: process.pid }));
  });

  it('shows changes in a directory and all below it, renames as one', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'kevent-cli-'));
    const source = `watch:${directory}`;
    try {
      const tail = new Command(['tail', source, 'timer:10ms']);
      await expect.poll(() => tail.lines.length).toBeGreaterThan(0);
      const [below, from, to] = ['below', 'below/new', 'renamed'].map((name) => path.join(directory, name));
      if (below === undefined || from === undefined || to === undefined) throw new Error('three names');
      mkdirSync(below);
      writeFileSync(from, '');
      const shown = (): unknown[] => tail.values.filter((value) => value['source'] === source);
      const of = (fields: object): unknown => ({ time: expect.any(String), source, ...fields });
      await expect.poll(shown).toContainEqual(of({ kind: 'create', path: from, directory: false }));
      renameSync(from, to);
      await expect.poll(shown).toContainEqual(of({ kind: 'rename', from, path: to, directory: false }));
      expect(shown()).toContainEqual(of({ kind: 'create', path: below, directory: true }));
      expect(shown()).not.toContainEqual(expect.objectContaining({ kind: 'remove' }));
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('shows that events were lost, and what is different since then', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'kevent-cli-'));
    try {
      const tail = new Command(['tail', '--text', `watch:${directory}`, 'timer:10ms']);
      await expect.poll(() => tail.lines.length).toBeGreaterThan(0);
      tail.child.kill('SIGSTOP');
      const [one, other] = [path.join(directory, 'one'), path.join(directory, 'other')];
      for (let count = 0; count < OVERFLOWING; count += 1) appendFileSync(count % 2 === 0 ? one : other, 'a');
      const last = path.join(directory, 'last');
      mkdirSync(last);
      tail.child.kill('SIGCONT');
      await expect.poll(() => tail.stdout, { timeout: 20_000 }).toContain(`create ${last}/\n`);
      expect(tail.stdout).toContain(`rescan ${directory}/\n`);
      expect(tail.stdout.indexOf('rescan')).toBeLessThan(tail.stdout.indexOf(last));
    } finally {
      rmSync(directory, { recursive: true });
    }
  }, 30_000);

  it('shows connections, and closes them', async () => {
    const free = createServer();
    await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
    const { port } = free.address() as { port: number };
    await new Promise((resolve) => free.close(resolve));

    const tail = new Command(['tail', `listen:127.0.0.1:${port}`, 'timer:10ms']);
    await expect.poll(() => tail.lines.length).toBeGreaterThan(0);
    const socket = connect(port, '127.0.0.1');
    await new Promise((resolve) =>
      socket
        .on('error', () => undefined)
        .on('close', resolve)
        .resume(),
    );
    const connections = (): unknown[] => tail.values.filter(({ address }) => address !== undefined);
    await expect
      .poll(connections)
      .toEqual([expect.objectContaining({ address: '127.0.0.1', port: expect.any(Number) })]);
  });

  it('listens at the path of a socket, and leaves no file behind', async () => {
    const directory = mkdtempSync(path.join(tmpdir(), 'kevent-cli-'));
    const place = path.join(directory, 'socket');
    try {
      const tail = new Command(['tail', `listen:${place}`, '-n', '1']);
      const dial = (): Promise<boolean> =>
        new Promise((resolve) => {
          const socket = connect(place).on('connect', () => resolve(true));
          socket.on('error', () => resolve(false));
        });
      await expect.poll(dial, { timeout: 10_000 }).toBe(true);
      expect(await tail.ended).toEqual({ code: 0, signal: null });
      expect(tail.values).toEqual([expect.objectContaining({ source: `listen:${place}`, port: 0 })]);
      expect(existsSync(place)).toBe(false);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('says that a port is taken', async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, '127.0.0.1', resolve));
    const { port } = taken.address() as { port: number };
    const tail = new Command(['tail', `listen:127.0.0.1:${port}`]);
    expect(await tail.ended).toEqual({ code: 1, signal: null });
    expect(tail.stderr).toBe(`kevent: listen:127.0.0.1:${port}: the address is in use\n`);
    taken.close();
  });

  it('ends with the process that it was to wait for', async () => {
    const other = spawn('cat', { stdio: ['pipe', 'ignore', 'ignore'] });
    const tail = new Command(['tail', `exit:${other.pid}`]);
    await expect
      .poll(() => spawnSync('ls', ['-l', `/proc/${tail.child.pid}/fd`]).stdout.toString())
      .toContain('pidfd');
    other.stdin.end();
    expect(await tail.ended).toEqual({ code: 0, signal: null });
    expect(tail.values).toEqual([expect.objectContaining({ pid: other.pid })]);
  });

  it.each([
    ['exit:4194305', 'no such process'],
    ['watch:/no/such/place', 'no such file or directory'],
    ['fd:999', 'it is not open'],
  ])('says why %s cannot be watched: status 1', async (source, why) => {
    const tail = new Command(['tail', 'timer:1h', source]);
    expect(await tail.ended).toEqual({ code: 1, signal: null });
    expect(tail.stderr).toBe(`kevent: ${source}: ${why}\n`);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)('ends by %s as by that signal, with a summary', async (signal) => {
    const tail = new Command(['tail', 'timer:10ms', 'signal:USR2']);
    await expect.poll(() => tail.lines.length).toBeGreaterThan(2);
    tail.child.kill(signal);
    expect(await tail.ended).toEqual({ code: null, signal });
    const { length } = tail.lines;
    expect(tail.stderr).toMatch(
      new RegExp(`^${length} events in .* s: timer:10ms ${length}, signal:USR2 0\n$`),
    );
  });

  it('ends with 130 for a shell', () => {
    const script = `node '${PROGRAM}' tail timer:10ms -n 1000 & sleep 0.5; kill -INT $!; wait $!; echo $?`;
    // With job control, so that what runs in the background does not ignore SIGINT.
    const { stdout } = spawnSync('bash', ['-mc', script], { encoding: 'utf8' });
    expect(stdout.trim().split('\n').at(-1)).toBe('130');
  });
});

describe('a reader that', () => {
  it('has had enough ends it without a word', async () => {
    const script = `node '${PROGRAM}' tail timer:5ms | head -n 2; echo "status \${PIPESTATUS[0]}"`;
    const { stdout, stderr } = spawnSync('bash', ['-c', script], { encoding: 'utf8' });
    expect(stdout.trim().split('\n')).toHaveLength(3);
    expect(stdout).toContain('status 141');
    expect(stderr).toBe('');
  });

  it('goes while nothing happens ends it at once', async () => {
    const tail = new Command(['tail', 'timer:1h', 'fd:0']);
    tail.child.stdin?.write('ready\n');
    await expect.poll(() => tail.lines.length).toBe(1);
    tail.child.stdout?.destroy();
    expect(await tail.ended).toEqual({ code: 141, signal: null });
    expect(tail.stderr).toBe('');
  });

  it('is slow gets every byte, also through a non-blocking pipe', async () => {
    const fifo = new Fifo();
    const file = path.join(mkdtempSync(path.join(tmpdir(), 'kevent-cli-')), 'lines');
    const lines = Array.from({ length: 20_000 }, (_, i) => `${i} ${'x'.repeat(i % 200)}`);
    writeFileSync(file, `${lines.join('\n')}\n`);
    const cat = spawn('cat', [file], { stdio: ['ignore', 'pipe', 'ignore'] });
    try {
      const tail = new Command(['tail', 'fd:0'], [cat.stdout, fifo.fd, 'inherit']);
      let text = '';
      const chunk = Buffer.alloc(3000);
      const read = async (): Promise<void> => {
        for (;;) {
          try {
            text += chunk.toString('latin1', 0, readSync(fifo.fd, chunk));
            return;
          } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
          }
          await new Promise((resolve) => setTimeout(resolve, 1));
        }
      };
      const last = `"line":"${lines.at(-1)}"}\n`;
      while (!text.endsWith(last)) await read();
      expect(await tail.ended).toEqual({ code: 0, signal: null });
      const got = text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line).line);
      expect(got).toEqual(lines);
    } finally {
      cat.kill('SIGKILL');
      fifo.close();
      rmSync(path.dirname(file), { recursive: true });
    }
  });
});

describe('on a terminal', () => {
  /** What somebody sees who runs it there; script(1) makes the terminal. */
  function screen(args: string, environment: NodeJS.ProcessEnv = {}): string[] {
    const command = `node '${PROGRAM}' ${args}`;
    const env = { ...process.env, TERM: 'xterm', NO_COLOR: '', ...environment };
    const options = { encoding: 'utf8', env, input: '' } as const;
    const { stdout } = spawnSync('script', ['-qec', command, '/dev/null'], options);
    return stdout.split('\r\n').filter((line) => line !== '');
  }

  it('it prints columns, in colours, with rates', () => {
    const lines = screen('tail timer:50ms signal:HUP -n 20');
    expect(lines).toHaveLength(20);
    expect(lines[0]).toContain('\x1b[');
    // biome-ignore lint/suspicious/noControlCharactersInRegex: what makes the colours
    const plain = lines.map((line) => line.replace(/\x1b\[\d+m/g, ''));
    for (const line of plain) expect(line).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}timer:50ms {2}.{7} {2}\d+/);
    expect(plain.at(-1)).toMatch(/ (1\d|2\d|\d)\.\d\/s /);
    const columns = new Set(plain.map((line) => line.search(/\d+( \(.*\))?$/)));
    expect(columns.size).toBe(1);
  });

  it.each([{ NO_COLOR: '1' }, { TERM: 'dumb' }])('it has no colours with %j', (environment) => {
    expect(screen('tail timer:10ms -n 2', environment).join()).not.toContain('\x1b');
  });

  it('it prints JSON if it is asked to, and elsewhere columns if it is asked to', async () => {
    expect(JSON.parse(screen('tail timer:10ms -n 1 --json')[0] ?? '')).toHaveProperty('index');
    const tail = new Command(['tail', '--text', 'timer:10ms', '-n', '1']);
    await tail.ended;
    expect(tail.stdout).toMatch(/^\d\d:\d\d:\d\d\.\d{3} {2}timer:10ms {11}\d+.*\n$/);
  });

  it('names and lines cannot steer it', async () => {
    const tail = new Command(['tail', '--text', 'fd:0']);
    tail.child.stdin?.end('a\x1b[2Jb\x07c\x1b]0;title\x07\rd\n');
    await tail.ended;
    expect(tail.stdout).not.toMatch(/[^\P{Cc}\n]/u);
    expect(tail.stdout).toContain('b\\x07c');
  });
});

it('what is closed at its start does not break it', async () => {
  const nothing = openSync('/dev/null', 'w');
  const tail = new Command(['tail', 'timer:10ms', '-n', '2'], ['ignore', nothing, 'ignore']);
  closeSync(nothing);
  expect(await tail.ended).toEqual({ code: 0, signal: null });
});
