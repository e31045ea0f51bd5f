// The tree of the benchmark of watch: 1,000 directories on three levels with 20 files in each.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const WIDTHS = [9, 10, 10];
/** In each directory. */
export const FILES = 20;

/** The paths of all directories: 9 with 10 with 10 in each, and the root. */
export function directories(/** @type {string} */ root) {
  const all = [root];
  let level = [root];
  for (const width of WIDTHS) {
    level = level.flatMap((path) =>
      Array.from({ length: width }, (_, index) => join(path, `directory ${index}`)),
    );
    all.push(...level);
  }
  return all;
}

/** Makes it. */
export function makeTree(/** @type {string} */ root) {
  for (const path of directories(root)) {
    mkdirSync(path);
    for (let index = 0; index < FILES; index += 1) writeFileSync(join(path, `file ${index}`), 'some text');
  }
}
