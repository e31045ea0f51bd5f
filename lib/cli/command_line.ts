import { parseArgs } from 'node:util';

import { parseDuration } from './duration_text.js';
import type { OnOptions } from './on.js';
import { parseSpec, type Spec } from './origins/all.js';
import type { TailOptions } from './tail.js';
import { UsageError } from './usage_error.js';

/** What is to be done. */
export type Request =
  | { readonly do: 'help' }
  | { readonly do: 'version' }
  | { readonly do: 'tail'; readonly specs: readonly Spec[]; readonly options: TailOptions }
  | {
      readonly do: 'on';
      readonly specs: readonly Spec[];
      readonly command: readonly [string, ...string[]];
      readonly options: OnOptions;
    };

const COMMON = {
  help: { type: 'boolean', short: 'h' },
  version: { type: 'boolean', short: 'V' },
  count: { type: 'string', short: 'n' },
} as const;
const TAIL = { ...COMMON, json: { type: 'boolean' }, text: { type: 'boolean' } } as const;
const ON = {
  ...COMMON,
  settle: { type: 'string', short: 's' },
  initially: { type: 'boolean', short: 'i' },
} as const;

const SETTLE = 50_000_000n;
const MILLISECOND = 1e6;

function parseCount(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9]\d{0,14}$/.test(text)) return Number(text);
  throw new UsageError(`--count must be a number from 1 on, not '${text}'`);
}

function parseSpecs(texts: readonly string[]): readonly Spec[] {
  if (texts.length === 0) throw new UsageError('no source: say what to wait for, such as timer:1s');
  return [...new Set(texts)].map(parseSpec);
}

function parseTail(args: readonly string[]): Request {
  const { values, positionals } = parseArgs({ args: [...args], options: TAIL, allowPositionals: true });
  if (values.help === true) return { do: 'help' };
  if (values.version === true) return { do: 'version' };
  if (values.json === true && values.text === true) {
    throw new UsageError('--json and --text exclude each other');
  }
  const json = values.json === true ? true : values.text === true ? false : undefined;
  return { do: 'tail', specs: parseSpecs(positionals), options: { json, count: parseCount(values.count) } };
}

function parseOn(args: readonly string[]): Request {
  const end = args.indexOf('--');
  const before = end < 0 ? args : args.slice(0, end);
  const { values, positionals } = parseArgs({ args: [...before], options: ON, allowPositionals: true });
  if (values.help === true) return { do: 'help' };
  if (values.version === true) return { do: 'version' };
  const [file, ...rest] = end < 0 ? [] : args.slice(end + 1);
  if (file === undefined)
    throw new UsageError('no command: put it after --, as in: on watch:./src -- npm test');
  const settle = values.settle === undefined ? SETTLE : parseDuration(values.settle);
  return {
    do: 'on',
    specs: parseSpecs(positionals),
    command: [file, ...rest],
    options: {
      settle: Number(settle) / MILLISECOND,
      initially: values.initially === true,
      count: parseCount(values.count),
    },
  };
}

/** @throws UsageError */
export function parseCommandLine(args: readonly string[]): Request {
  const [verb, ...rest] = args;
  try {
    if (verb === 'tail') return parseTail(rest);
    if (verb === 'on') return parseOn(rest);
    if (verb === 'help') return { do: 'help' };
    if (verb === undefined) throw new UsageError('nothing to do: use tail or on');
    if (!verb.startsWith('-')) throw new UsageError(`unknown command '${verb}': there are tail and on`);
    const { values } = parseArgs({ args: [...args], options: COMMON, allowPositionals: true });
    if (values.version === true) return { do: 'version' };
    if (values.help === true) return { do: 'help' };
    throw new UsageError('nothing to do: use tail or on');
  } catch (error) {
    const { code = '', message } = error as NodeJS.ErrnoException;
    // Node.js explains how to pass such a thing as a positional argument; no source begins with a dash.
    if (code.startsWith('ERR_PARSE_ARGS')) throw new UsageError(message.split('. ')[0]);
    throw error;
  }
}
