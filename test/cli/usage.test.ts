import { readFileSync } from 'node:fs';
import { afterEach, expect, it } from 'vitest';

import { Command, killAll } from './command.js';

afterEach(killAll);

it.each([[['--help']], [['-h']], [['help']], [['tail', '--help']], [['on', '-h']]])(
  '%s explains',
  async (args) => {
    const command = new Command(args);
    expect(await command.ended).toEqual({ code: 0, signal: null });
    for (const word of ['timer:1s', 'signal:HUP', 'watch:./src', 'fd:0', 'listen:8080', 'exit:1234']) {
      expect(command.stdout).toContain(word);
    }
    expect(Math.max(...command.lines.map(({ length }) => length))).toBeLessThanOrEqual(80);
    expect(command.stderr).toBe('');
  },
);

it.each([[['--version']], [['-V']], [['tail', '--version']]])(
  '%s says which version this is',
  async (args) => {
    const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
    const command = new Command(args);
    expect(await command.ended).toEqual({ code: 0, signal: null });
    expect(command.stdout).toBe(`${JSON.parse(manifest).version}\n`);
  },
);

it.each([
  [[], 'nothing to do'],
  [['walk'], "unknown command 'walk': there are tail and on"],
  [['tail'], 'no source'],
  [['tail', '--what'], "Unknown option '--what'"],
  [['tail', 'moon:full'], "unknown source 'moon:full': there are timer:1s signal:HUP watch:./src fd:0"],
  [['tail', 'timer'], "'timer' needs an argument, as in timer:1s"],
  [['tail', 'timer:soon'], "'soon' is not a duration"],
  [['tail', 'timer:0s'], "'0s' is out of range"],
  [['tail', 'signal:WHAT'], "'WHAT' is not a signal"],
  [['tail', 'fd:stdin'], "'stdin' is not a file descriptor"],
  [['tail', 'exit:0'], "'0' is not a pid"],
  [['tail', 'listen:99999'], "'99999' is not an address"],
  [['tail', '--json', '--text', 'timer:1s'], '--json and --text exclude each other'],
  [['tail', '--count', '0', 'timer:1s'], '--count must be a number from 1 on'],
  [['on', 'timer:1s'], 'no command: put it after --'],
  [['on', 'timer:1s', '--'], 'no command'],
  [['on', '--', 'true'], 'no source'],
  [['on', '--settle', 'long', 'timer:1s', '--', 'true'], "'long' is not a duration"],
] as [string[], string][])('%j cannot be done: status 2, and why', async (args, message) => {
  const command = new Command(args);
  expect(await command.ended).toEqual({ code: 2, signal: null });
  expect(command.stdout).toBe('');
  expect(command.stderr).toContain(`kevent: ${message}`);
  expect(command.stderr).toContain('--help');
});
