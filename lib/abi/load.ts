import { AsyncLocalStorage } from 'node:async_hooks';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

import type { Binding } from './binding.js';

/** The binding calls in the context that it was loaded in, for ever: not in that of whoever happens to be first. */
const outside = AsyncLocalStorage.snapshot();

/** Why there is no binding on this machine. */
export interface LoadFailure {
  readonly binding?: undefined;
  /** What was looked for and what can be done. */
  readonly message: string;
  /** What the loader said. */
  readonly cause: unknown;
}

/** Whether the process runs on musl: its loader is then mapped into it, on every distribution. */
function runsOnMusl(): boolean {
  try {
    return readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl-');
  } catch {
    return false;
  }
}

/**
 * node-gyp-build takes `LIBC` from the environment when it is first loaded, and otherwise knows
 * musl only by /etc/alpine-release, which other musl distributions do not have.
 */
function withLibc<T>(libc: string | undefined, run: () => T): T {
  if (libc === undefined || process.env['LIBC'] !== undefined) return run();
  process.env['LIBC'] = libc;
  try {
    return run();
  } finally {
    delete process.env['LIBC'];
  }
}

function isBinding(value: unknown): value is Binding {
  return typeof value === 'object' && value !== null && 'init' in value && 'Attachment' in value;
}

/** Finds and loads the binary for this machine: a local build first, then a prebuilt one. */
export function load(): { readonly binding: Binding } | LoadFailure {
  const { platform, arch } = process;
  const libc = platform === 'linux' ? (runsOnMusl() ? 'musl' : 'glibc') : undefined;
  const target = [platform, arch, libc].filter((part) => part !== undefined).join(' ');
  if (platform !== 'linux') {
    return { message: `kevent works on Linux only; this is ${target}`, cause: undefined };
  }
  const root = fileURLToPath(new URL('../..', import.meta.url));
  try {
    const require = createRequire(import.meta.url);
    const loaded: unknown = withLibc(libc === 'musl' ? libc : undefined, () =>
      outside(() => require('node-gyp-build')(root)),
    );
    if (isBinding(loaded)) return { binding: loaded };
    return { message: `kevent: the binary for ${target} is not this package's`, cause: undefined };
  } catch (cause) {
    const message =
      `kevent has no native binary that loads on ${target} (Node.js ${process.versions.node}, ` +
      `ABI ${process.versions.modules}). Looked in ${root} for build/Release/*.node and ` +
      `prebuilds/${platform}-${arch}/*.node. To build it here: npm run build:native`;
    return { message, cause };
  }
}
