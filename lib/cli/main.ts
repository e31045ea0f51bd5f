#!/usr/bin/env node
import { parseCommandLine } from './command_line.js';
import { type Ending, end, statusOf } from './ending.js';
import { help, version } from './help.js';
import { on } from './on.js';
import { writeAll } from './output.js';
import { tail } from './tail.js';
import { UsageError } from './usage_error.js';

const OUT = 1;
const ERR = 2;
const USAGE = 2;

function print(text: string): Ending {
  return writeAll(OUT, text) ? 0 : statusOf('SIGPIPE');
}

async function run(): Promise<Ending> {
  const request = parseCommandLine(process.argv.slice(2));
  switch (request.do) {
    case 'help':
      return print(help());
    case 'version':
      return print(version());
    case 'tail':
      return tail(request.specs, request.options);
    case 'on':
      return on(request.specs, request.command, request.options);
  }
}

function explain(error: unknown): Ending {
  const isUsage = error instanceof UsageError;
  const { message } = error as Error;
  writeAll(ERR, `kevent: ${message}\n${isUsage ? "Try 'kevent --help'.\n" : ''}`);
  return isUsage ? USAGE : 1;
}

run().catch(explain).then(end);
