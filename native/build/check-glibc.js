// Fails when a binary needs a newer glibc than the oldest one that the package promises.
//
//   node native/build/check-glibc.js [file.node...]      all prebuilt glibc binaries by default
import { execFileSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';

import { root } from './sources.js';

/** RHEL 8 and Debian 11 have this or newer. */
const FLOOR = [2, 28];

function prebuilds() {
  const folder = path.join(root, 'prebuilds');
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.glibc.node'))
    .map((file) => path.join(folder, file));
}

/** @returns {string[]} the symbols that the floor does not have, as `name@GLIBC_version` */
function tooNew(file) {
  const table = execFileSync('objdump', ['-T', file], { encoding: 'utf8' });
  const needed = table.matchAll(/\*UND\*.*\(?GLIBC_(\d+)\.(\d+)[.\d]*\)?\s+(\S+)/g);
  return [...needed]
    .filter(([, major, minor]) => Number(major) > FLOOR[0] || Number(minor) > FLOOR[1])
    .map(([, major, minor, name]) => `${name}@GLIBC_${major}.${minor}`);
}

const files = process.argv.length > 2 ? process.argv.slice(2) : prebuilds();
if (files.length === 0) {
  console.error('check-glibc: there is no prebuilt binary to check; npm run build:native makes one');
  process.exitCode = 1;
}
for (const file of files) {
  const symbols = tooNew(file);
  const name = path.relative(process.cwd(), file);
  if (symbols.length === 0) {
    console.log(`${name}: loads on glibc ${FLOOR.join('.')}`);
  } else {
    console.error(`${name}: needs more than glibc ${FLOOR.join('.')}:\n  ${symbols.join('\n  ')}`);
    console.error('Put the missing functions into native/build/glibc_floor.cc.');
    process.exitCode = 1;
  }
}
