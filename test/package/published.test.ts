import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installedProject, type Project, root } from './project.js';

let project: Project;

beforeAll(async () => {
  project = await installedProject();
});

afterAll(async () => {
  await project?.[Symbol.asyncDispose]();
});

async function manifest(): Promise<Record<string, unknown>> {
  return JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
}

test('installing runs no script', async () => {
  const { scripts, gypfile } = await manifest();
  for (const name of ['preinstall', 'install', 'postinstall', 'prepare', 'preprepare', 'postprepare']) {
    expect(scripts).not.toHaveProperty(name);
  }
  expect(gypfile, 'binding.gyp counts as an install script without it').toBe(false);
});

test('no machine is refused at install time', async () => {
  const fields = Object.keys(await manifest());
  expect(fields).not.toContain('os');
  expect(fields).not.toContain('cpu');
});

test('links of the pages in the tarball lead to what is in it', () => {
  const { contents } = project.packed;
  const folders = new Set(contents.map((file) => path.posix.dirname(file)));
  const broken = contents
    .filter((file) => file.endsWith('.md'))
    .flatMap((page) => {
      const text = readFileSync(path.join(project.folder, 'node_modules/kevent', page), 'utf8');
      const links = text.replace(/^```.*?^```/gms, '').matchAll(/\]\((?!https:)([^)#]+)[^)]*\)/g);
      const targets = [...links].map(([, link = '']) =>
        path.posix.join(path.posix.dirname(page), link).replace(/\/$/, ''),
      );
      const missing = targets.filter((target) => !contents.includes(target) && !folders.has(target));
      return missing.map((target) => `${page}: ${target}`);
    });
  expect(broken).toEqual([]);
});

test('the tarball has what users need and nothing of the workshop', () => {
  const { contents } = project.packed;
  expect(contents).toEqual(
    expect.arrayContaining([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'binding.gyp',
      'dist/cli/main.js',
      'dist/index.d.ts',
      'dist/index.js',
      'dist/raw.d.ts',
      'dist/raw.js',
      'dist/rxjs.d.ts',
      'dist/rxjs.js',
      'native/build/build.js',
      'native/engine/kevent.h',
      'prebuilds/linux-x64/kevent.glibc.node',
    ]),
  );
  expect(contents.filter((file) => /^(test|build|node_modules|docs\/typedoc|\.)/.test(file))).toEqual([]);
});

test('publint has nothing to say', async () => {
  const tarball = await readFile(project.packed.file);
  const { messages, pkg } = await publint({
    pack: { tarball: new Uint8Array(tarball).buffer },
    strict: true,
  });
  expect(messages.map((message) => formatMessage(message, pkg, { color: false }))).toEqual([]);
});

test('the types are right for every way to resolve the entries', async () => {
  const program = path.join(root, 'node_modules/@arethetypeswrong/cli/dist/index.js');
  // node16-cjs is not a problem: require(esm) works on every Node.js that `engines` names.
  const options = ['--profile', 'esm-only', '--no-definitely-typed', '--format', 'ascii', '--no-color'];
  const { stdout } = await promisify(execFile)(process.execPath, [program, project.packed.file, ...options]);
  expect(stdout).toContain('kevent/raw');
  expect(stdout).toContain('kevent/rxjs');
});
