// Packs the package and installs it into an empty project, as a user would, on a PATH that has
// node and nothing else: no compiler, no make, no shell.
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

/** Runs `node args`; what waits for input that never comes is ended. */
function runNode(args: readonly string[], folder: string, environment: NodeJS.ProcessEnv) {
  const options = { cwd: folder, env: environment, timeout: 240_000 };
  return promisify(execFile)(process.execPath, args, options).then(({ stdout }) => stdout);
}

export const root = fileURLToPath(new URL('../..', import.meta.url));

interface Packed {
  /** The tarball. */
  readonly file: string;
  /** What is in it, relative to the package. */
  readonly contents: readonly string[];
}

export interface Project extends AsyncDisposable {
  readonly folder: string;
  readonly packed: Packed;
  /** Runs `node args` in the project and gives what it printed on its standard output. */
  node(args: readonly string[]): Promise<string>;
  /** Runs `npm args` in the installed package, with the compiler and all else that this machine has. */
  npm(args: readonly string[]): Promise<string>;
}

/** npm's own program: what started the tests, or else the npm beside the first one on the PATH. */
async function npmProgram(): Promise<string> {
  const started = process.env['npm_execpath'];
  if (started?.endsWith('npm-cli.js')) return started;
  for (const folder of (process.env['PATH'] ?? '').split(path.delimiter)) {
    const program = await realpath(path.join(folder, 'npm')).catch(() => undefined);
    if (program !== undefined) return program;
  }
  throw new Error('npm was not found on the PATH');
}

async function pack(npm: string, into: string): Promise<Packed> {
  // Without the scripts: `npm test` has built dist/ already, and other tests are using it.
  const args = [npm, 'pack', '--ignore-scripts', '--json', '--pack-destination', into];
  const stdout = await runNode(args, root, process.env);
  const [{ filename, files }] = JSON.parse(stdout) as [{ filename: string; files: { path: string }[] }];
  return { file: path.join(into, filename), contents: files.map((file) => file.path) };
}

export async function installedProject(): Promise<Project> {
  const folder = await mkdtemp(path.join(tmpdir(), 'kevent-package-'));
  const bin = path.join(folder, 'bin');
  await mkdir(bin);
  await symlink(process.execPath, path.join(bin, 'node'));
  await writeFile(path.join(folder, 'package.json'), '{ "name": "project", "private": true }\n');
  const bare = { HOME: folder, PATH: bin };

  const npm = await npmProgram();
  const packed = await pack(npm, folder);
  // The one dependency comes from our own node_modules, so that no network is needed.
  const dependency = path.join(root, 'node_modules/node-gyp-build');
  const options = ['--offline', '--install-links', '--no-audit', '--no-fund', '--no-update-notifier'];
  await runNode([npm, 'install', ...options, packed.file, dependency], folder, bare);

  const installed = path.join(folder, 'node_modules/kevent');
  return {
    folder,
    packed,
    node: (args) => runNode(args, folder, bare),
    npm: (args) => runNode([npm, ...args], installed, process.env),
    async [Symbol.asyncDispose]() {
      await rm(folder, { recursive: true });
    },
  };
}
