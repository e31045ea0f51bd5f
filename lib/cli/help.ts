import { readFileSync } from 'node:fs';

import { ORIGINS } from './origins/all.js';

function sources(): string {
  const typed = ORIGINS.map(({ name, argument }) => `${name}:${argument}`);
  const width = Math.max(...typed.map(({ length }) => length));
  return ORIGINS.map(({ about }, i) => `  ${(typed[i] ?? '').padEnd(width)}  ${about}`).join('\n');
}

export function help(): string {
  return `Usage: kevent tail [options] SOURCE...
       kevent on [options] SOURCE... -- COMMAND [ARGUMENT...]

tail shows what happens: to people in columns, to programs as JSON lines.
on runs a command after each burst of events, never twice at once: whatever
happens while it runs makes it run once more.

Sources:
${sources()}

Options of tail:
  --json, --text     one or the other, wherever the output goes
  -n, --count N      end after N events

Options of on:
  -s, --settle TIME  a burst is over when so long nothing has happened; 50ms
  -i, --initially    run the command at the beginning too
  -n, --count N      end after N runs

  -h, --help
  -V, --version

Both end when all their sources have ended, or by a signal, which on passes on
to the command. on then ends with the exit status of the last run. Otherwise
the status is 0, 1 if a source fails, 2 if the command line makes no sense.

  kevent tail timer:1s signal:HUP fd:0
  kevent on watch:./src -- npm test
`;
}

export function version(): string {
  const manifest = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return `${(JSON.parse(manifest) as { version: string }).version}\n`;
}
