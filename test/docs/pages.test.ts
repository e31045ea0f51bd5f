import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

import { Program } from './program.js';
import { anchor, anchors, EXAMPLES, PAGES, programs, REFERENCE, ROOT, read, start } from './shown.js';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'kevent-docs-'));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

/** Examples that a page shows as a whole run as examples. */
const examples = new Map(
  readdirSync(EXAMPLES).map((name) => [readFileSync(join(EXAMPLES, name), 'utf8'), name]),
);

describe.each(PAGES.flatMap(programs).filter(({ program }) => !examples.has(program)))(
  'the program at $page:$line',
  (shown) => {
    it('runs, prints what the page says, and ends by itself', async () => {
      const { output } = shown;
      const run = start(shown, mkdtempSync(join(folder, 'project-')));
      expect(await run.ended()).toBe(0);
      expect(run.errors).toBe('');
      expect(output).toBeDefined();
      expect(run.output).toBe(output);
    });
  },
);

describe('the examples', () => {
  const text = PAGES.map(read).join('\n');
  const printed = text.matchAll(/\[examples\/(\w+\.js)\]\(examples\/\1\)\s+prints:\n\n```text\n(.*?)^```/gms);

  it.each([...printed].map(([, name = '', output = '']) => ({ name, output })))(
    '$name prints what the guide says',
    async ({ name, output }) => {
      const run = new Program([join(EXAMPLES, name)]);
      expect(await run.ended()).toBe(0);
      expect(run.output).toBe(output);
    },
  );

  it('workers.js shares all events between two threads', async () => {
    const run = new Program([join(EXAMPLES, 'workers.js')]);
    expect(await run.ended()).toBe(0);
    const [, one, other] = /^one worker had (\d+) events, the other (\d+)\n$/.exec(run.output) ?? [];
    expect(Number(one) + Number(other)).toBe(100);
    expect(Number(one)).toBeGreaterThan(0);
    expect(Number(other)).toBeGreaterThan(0);
  });

  it('raw.js goes round the ring', async () => {
    const run = new Program([join(EXAMPLES, 'raw.js')]);
    expect(await run.ended()).toBe(0);
    const slots = [...run.output.matchAll(/^slot (\d): /gm)].map(([, slot]) => Number(slot));
    expect(slots.slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 0, 1]);
    expect(run.output).toContain('1 event in the buffer');
  });
});

describe('the first program', () => {
  it('is one of the examples', () => {
    const example = readFileSync(join(EXAMPLES, 'first.js'), 'utf8');
    expect(programs('README.md').map(({ program }) => program)).toEqual([example]);
  });

  it('does what the README says', async () => {
    const run = new Program([join(EXAMPLES, 'first.js')], folder);
    await run.prints(/second 1\n/);
    writeFileSync(join(folder, 'notes.txt'), '');
    await run.prints(/create .\/notes.txt\n/);
    await run.prints(/second 2\n/);
    run.child.kill('SIGINT');
    expect(await run.ended()).toBe(0);
    expect(run.output).toMatch(/Ctrl-C\n$/);
  });
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0);
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await once(server.close(), 'close');
  return port;
}

it('the first server answers until it is stopped', async () => {
  const file = join(EXAMPLES, 'server.js');
  expect(programs('docs/servers.md')[0]?.program).toBe(readFileSync(file, 'utf8'));
  const run = new Program([file, String(await freePort())]);
  const [url = ''] = await run.prints(/http:\S+/);
  expect(await (await fetch(`${url}path`)).text()).toBe('You asked for /path\n');
  run.child.kill('SIGINT');
  expect(await run.ended()).toBe('SIGINT');
});

describe.each([...PAGES, ...REFERENCE])('%s', (page) => {
  it('links to what is there', () => {
    const text = read(page).replace(/^```.*?^```/gms, '');
    const targets = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, target = '']) => target);
    const broken = targets.filter((target) => {
      if (target.startsWith('https://')) return false;
      const [path = '', hash] = target.split('#');
      const file = path === '' ? page : join(dirname(page), path);
      if (!existsSync(resolve(ROOT, file))) return true;
      return hash !== undefined && !anchors(file).has(hash);
    });
    expect(broken).toEqual([]);
  });
});

it.each(PAGES)('%s has all its sections in its list of contents, if it has one', (page) => {
  const text = read(page).replace(/^```.*?^```/gms, '');
  const listed = new Set([...text.matchAll(/\]\(#([^)]+)\)/g)].map(([, target]) => target));
  if (!/^- \[[^\]]+\]\(#/m.test(text)) return;
  const sections = [...text.matchAll(/^## (.*)$/gm)].map(([, heading = '']) => anchor(heading));
  expect(sections.filter((section) => !listed.has(section))).toEqual([]);
});

it('docs/README.md leads to every page', () => {
  const text = read('docs/README.md');
  const pages = [...PAGES, 'docs/benchmarks.md'].filter((page) => /^docs\/\w+\.md$/.test(page));
  expect(pages.filter((page) => page !== 'docs/README.md' && !text.includes(page.slice(5)))).toEqual([]);
});

it('docs/architecture.md names files that are there', () => {
  const named = [...read('docs/architecture.md').matchAll(/`((?:lib|native)\/[\w./{},-]*)`/g)];
  const files = named.flatMap(([, path = '']) => {
    const [, folder = '', names, rest = ''] = /^(.*)\{(.*)\}(.*)$/.exec(path) ?? [undefined, path];
    return names === undefined ? [folder] : names.split(',').map((name) => `${folder}${name}${rest}`);
  });
  expect(files.filter((file) => !existsSync(join(ROOT, file)))).toEqual([]);
});

it('docs/sources has a program for every source', async () => {
  const text = PAGES.filter((page) => page.startsWith('docs/sources/'))
    .flatMap(programs)
    .map(({ program }) => program)
    .join('\n');
  // Those that 'kevent/rxjs' has as Observables, and what RxJS has itself.
  const sources = Object.entries(await import('../../lib/rxjs/sources.js')).map(([name]) => name);
  const missing = [...sources, 'merge'].filter((name) => !new RegExp(`\\b${name}\\(`).test(text));
  expect(missing).toEqual([]);
});

describe('docs/limits.md', () => {
  const rows = read('docs/limits.md').matchAll(/^\| [^|]+ \| ([\d,]+)( KiB| MiB)? \(`(\w+)`\) \|/gm);
  const units: Record<string, number> = { ' KiB': 1024, ' MiB': 1024 * 1024 };
  const said = [...rows].map(([, digits = '', unit = '', name = '']) => {
    return [name, Number(digits.replaceAll(',', '')) * (units[unit] ?? 1)] as const;
  });

  it('says what the engine holds at most', async () => {
    const bounds = Object.entries(await import('../../lib/raw.js')).filter(([name]) =>
      /^KEVENT_(MAX|KEPT|NAIO_MOST)_/.test(name),
    );
    expect(Object.fromEntries(said)).toEqual(Object.fromEntries(bounds));
  });
});

describe('docs/abi.md', () => {
  it('has every function of kevent/raw', async () => {
    const text = read('docs/abi.md');
    const names = Object.entries(await import('../../lib/raw.js'))
      .filter(([, value]) => typeof value === 'function')
      .map(([name]) => name);
    expect(names.filter((name) => !text.includes(name))).toEqual([]);
  });

  it('says what became of each of the 36 defects', () => {
    const names = [...read('docs/abi.md').matchAll(/^\| B(\d+) \|/gm)].map(([, number]) => Number(number));
    expect(names).toEqual(Array.from({ length: 36 }, (_, index) => index + 1));
  });
});

/** What a module has that Node's of the same name has not, or has otherwise. */
async function ours(module: Promise<object>, builtin: Promise<object>): Promise<object> {
  const theirs = new Map(Object.entries(await builtin));
  return Object.fromEntries(
    Object.entries(await module).filter(([name, value]) => theirs.get(name) !== value),
  );
}

describe('docs/api', () => {
  it.each([
    ['kevent', () => import('../../lib/index.js')],
    ['kevent/raw', () => import('../../lib/raw.js')],
    ['kevent/rxjs', () => import('../../lib/rxjs.js')],
    ['kevent/net', () => ours(import('../../lib/net.js'), import('node:net'))],
    ['kevent/http', () => ours(import('../../lib/http.js'), import('node:http'))],
    ['kevent/https', () => ours(import('../../lib/https.js'), import('node:https'))],
    ['kevent/http2', () => ours(import('../../lib/http2.js'), import('node:http2'))],
  ] as const)('has every export of %s: npm run docs', async (entry, load) => {
    const text = read(`docs/api/${entry}.md`).replaceAll('\\_', '_');
    const names = Object.keys(await load());
    expect(names.filter((name) => !new RegExp(`^### .*\\b${name}\\b`, 'm').test(text))).toEqual([]);
  });
});

it('every example is mentioned on some page', () => {
  const text = PAGES.map(read).join('\n') + read('package.json');
  const shown = new Set(PAGES.flatMap(programs).map(({ program }) => examples.get(program)));
  const missing = readdirSync(EXAMPLES).filter((name) => !shown.has(name) && !text.includes(name));
  expect(missing).toEqual([]);
});
