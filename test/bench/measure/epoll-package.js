// The npm package `epoll`, a peer. It has no prebuilt binary, so it is no dependency of ours: it is
// fetched and compiled when first needed, and kept in the user's cache directory.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';

const VERSION = '4.0.2';
const execute = promisify(execFile);

/**
 * Installs it.
 *
 * @returns {Promise<{path: string} | {missing: string}>} what to require, or why there is nothing
 */
export async function installEpollPackage() {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'kevent-bench', `epoll-${VERSION}-modules-${process.versions.modules}`);
  const path = join(folder, 'node_modules', 'epoll');
  const binary = join(path, 'build', 'Release', 'epoll.node');
  if (existsSync(binary)) return { path };
  try {
    await mkdir(folder, { recursive: true });
    await writeFile(join(folder, 'package.json'), '{"private":true}\n');
    await execute('npm', ['install', '--no-audit', '--ignore-scripts', `epoll@${VERSION}`], { cwd: folder });
    const gyp = createRequire(import.meta.url).resolve('node-gyp/bin/node-gyp.js');
    await execute(process.execPath, [gyp, 'rebuild', ...headers()], { cwd: path });
    return { path };
  } catch (error) {
    return { missing: `the npm package epoll cannot be built here: ${/** @type {Error} */ (error).message}` };
  }
}

/** Node's headers where its installation brought them, so that nothing is downloaded. */
function headers() {
  const root = dirname(dirname(process.execPath));
  return existsSync(join(root, 'include', 'node', 'node_api.h')) ? [`--nodedir=${root}`] : [];
}
