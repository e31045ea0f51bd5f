// The files of the addon, found on the disk: a file that is added to native/ is built and hashed
// without a list that could go stale. binding.gyp runs this for its `sources`:
//
//   node native/build/sources.js      the C++ files, one a line
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** The package's root: paths below are relative to it. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** What native/engine/calls.cc is built with differs (the source hash), so it is a target of its own. */
const HAS_ITS_OWN_TARGET = 'native/engine/calls.cc';

/** @returns {string[]} the sorted files below `folder` that end in one of `extensions` */
function filesBelow(folder, extensions) {
  return readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => extensions.includes(path.extname(file)))
    .map((file) => `${folder}/${file.split(path.sep).join('/')}`)
    .sort();
}

/** Everything that the binary is made of. */
export function hashedFiles() {
  const below = ['native/binding', 'native/build', 'native/engine'].flatMap((folder) =>
    filesBelow(folder, ['.cc', '.h']),
  );
  return ['binding.gyp', ...below];
}

function compiledFiles() {
  return ['native/binding', 'native/build', 'native/engine']
    .flatMap((folder) => filesBelow(folder, ['.cc']))
    .filter((file) => file !== HAS_ITS_OWN_TARGET);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(compiledFiles().join('\n'));
}
