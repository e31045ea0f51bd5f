import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

import { Program } from './program.js';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const EXAMPLES = join(ROOT, 'docs', 'examples');

/** The Markdown files of a folder, relative to the package. */
function pagesIn(folder: string): string[] {
  const names = readdirSync(join(ROOT, folder)).filter((name) => name.endsWith('.md'));
  return names.sort().map((name) => join(folder, name));
}

/** Written by hand. The measurements, which a program writes, have no programs. */
export const PAGES = [
  'README.md',
  ...pagesIn('docs').filter((page) => page !== 'docs/benchmarks.md'),
  ...pagesIn('docs/sources'),
];

/** Made by typedoc. */
export const REFERENCE = [...pagesIn('docs/api'), ...pagesIn('docs/api/kevent')];

/** A program on a page, and what the page says that it prints, where it does. */
export interface Shown {
  readonly page: string;
  readonly line: number;
  readonly program: string;
  /** How a shell starts it, as `node NAME.mjs`; undefined if that does not matter. */
  readonly command: string | undefined;
  readonly output: string | undefined;
}

export function read(page: string): string {
  return readFileSync(join(ROOT, page), 'utf8');
}

/**
 * The programs of a page, each with the command and the output right behind it. `<!-- not run: WHY -->` is before those
 * that need what is not here.
 */
export function programs(page: string): Shown[] {
  const text = read(page);
  const blocks = text.matchAll(
    /(<!-- not run: [^\n]+ -->\n\n)?^```(?:js|ts)\n(.*?)^```\n(?:\n```sh\n(.*?)^```\n)?(?:\n```text\n(.*?)^```)?/gms,
  );
  return [...blocks]
    .filter(([, notRun]) => notRun === undefined)
    .map(({ index, 2: program = '', 3: command, 4: output }) => {
      const line = text.slice(0, index).split('\n').length;
      return { page, line, program, command, output };
    });
}

/** The packages that a program imports, but for this one. */
function dependencies(program: string): Set<string> {
  const imports = program.matchAll(/^(?:import|\}) .*?'((?:@[\w-]+\/)?[\w.-]+)/gm);
  const names = [...imports].map(([, name = '']) => name).filter((name) => /^[@a-z]/.test(name));
  return new Set(names.filter((name) => name !== 'kevent' && name !== 'node'));
}

/**
 * Runs a program of a page in a project of its own, as its reader would.
 *
 * @param folder - an empty one
 */
export function start({ program, command }: Shown, folder: string): Program {
  const [, name = 'program.mjs'] = /\bnode (?:--import \S+ )?(\w+\.mjs)/.exec(command ?? '') ?? [];
  writeFileSync(join(folder, name), program);
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  mkdirSync(join(folder, 'node_modules'));
  symlinkSync(ROOT, join(folder, 'node_modules', 'kevent'));
  for (const dependency of dependencies(program)) {
    const link = join(folder, 'node_modules', dependency);
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(join(ROOT, 'node_modules', dependency), link);
  }
  if (command === undefined) return new Program([name], folder);
  return new Program(['-c', command], folder, 'ignore', 'sh');
}

/** What GitHub makes of a heading. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/\]\([^)]*\)/g, '')
    .replace(/[^\p{L}\p{N}_\- ]/gu, '')
    .replaceAll(' ', '-');
}

/** Where links to a page can lead to: its headings, numbered if there are several of a name, and `<a id>`. */
export function anchors(page: string): Set<string> {
  const text = read(page);
  const found = new Set<string>();
  for (const [, heading = ''] of text.matchAll(/^#+ (.*)$/gm)) {
    const name = anchor(heading);
    let unique = name;
    for (let count = 1; found.has(unique); count += 1) unique = `${name}-${count}`;
    found.add(unique);
  }
  for (const [, id = ''] of text.matchAll(/<a id="([^"]+)">/g)) found.add(id);
  return found;
}
