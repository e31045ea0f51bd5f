// Builds the addon from source, with the headers of the Node.js that runs this; nothing is downloaded.
//
//   npm run build:native               prebuilds/<platform>-<arch>/kevent.<libc>.node, as it is published
//   npm run build:native -- --local    build/Release/kevent.node, compiling only what has changed;
//                                      it is loaded in place of the prebuilt one until build/ is removed
//
// In an installed package the development tools are not at hand: there npm's own node-gyp makes the
// local kind.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { root } from './sources.js';

const require = createRequire(import.meta.url);

/** The folder whose include/node has the headers of this Node.js. */
function nodeDirectory() {
  const prefixes = [process.env.npm_config_nodedir, path.join(process.execPath, '../..')];
  const found = prefixes.find((prefix) => prefix && existsSync(path.join(prefix, 'include/node/node_api.h')));
  if (found) return found;
  const places = prefixes.filter(Boolean).join(' and ');
  throw new Error(
    `no headers of Node.js: looked for include/node/node_api.h in ${places}; ` +
      'set npm_config_nodedir to the folder that has include/node',
  );
}

/** The path of a development tool, or undefined when it is not installed. */
function tool(name) {
  try {
    return require.resolve(name);
  } catch {
    return undefined;
  }
}

function run(script, args, environment = {}) {
  const { error, status } = spawnSync(process.execPath, [script, ...args], {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, npm_config_nodedir: nodeDirectory(), JOBS: 'max', ...environment },
  });
  if (error) throw error;
  if (status !== 0) process.exit(status ?? 1);
}

function buildPrebuilt(prebuildify) {
  // prebuildify knows musl by Alpine's release file only; its loader is mapped into every process.
  const libc = readFileSync('/proc/self/maps', 'latin1').includes('/ld-musl-') ? 'musl' : 'glibc';
  const target = `--target=${process.versions.node}`;
  run(prebuildify, ['--napi', '--strip', '--tag-libc', target], { PREBUILD_LIBC: libc });
  if (libc === 'glibc') run('native/build/check-glibc.js', []);
}

function buildLocal(nodeGyp, environment) {
  run(nodeGyp, ['configure', 'build', '--release'], environment);
}

const local = process.argv.includes('--local');
const prebuildify = tool('prebuildify/bin.js');
const nodeGyp = tool('node-gyp/bin/node-gyp.js');
if (prebuildify && !local) {
  buildPrebuilt(prebuildify);
} else if (nodeGyp) {
  buildLocal(nodeGyp);
} else if (process.env.npm_config_node_gyp) {
  // A compiler that we have not tried may warn of things that ours does not.
  buildLocal(process.env.npm_config_node_gyp, { CXXFLAGS: `${process.env.CXXFLAGS ?? ''} -Wno-error` });
} else {
  throw new Error('node-gyp was not found: start this with `npm run build:native`');
}
