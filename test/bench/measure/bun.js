// Bun, a peer. It is large and no dependency of ours: its binary is fetched from npm when first needed,
// and kept in the user's cache directory.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const VERSION = '1.4.5';
const execute = promisify(execFile);

/**
 * Installs it.
 *
 * @returns {Promise<{path: string} | {missing: string}>} the binary, or why there is none
 */
export async function installBun() {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const folder = join(cache, 'kevent-bench', `bun-${VERSION}`);
  const name = `@oven/bun-linux-${process.arch === 'arm64' ? 'aarch64' : process.arch}`;
  const path = join(folder, 'node_modules', name, 'bin', 'bun');
  try {
    if (!existsSync(path)) {
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'package.json'), '{"private":true}\n');
      await execute('npm', ['install', '--no-audit', '--ignore-scripts', `${name}@${VERSION}`], {
        cwd: folder,
      });
    }
    await execute(path, ['--version']);
    return { path };
  } catch (error) {
    return { missing: `Bun ${VERSION} cannot be had here: ${/** @type {Error} */ (error).message}` };
  }
}
