// watch-changes.js ROOT SEED
//
// For each line on its standard input, {"changes": N, "rate": PER_SECOND, "marker": NAME}: changes files of the tree that
// ../measure/tree.js makes, then makes the file NAME in ROOT. Rate 0: as fast as it can. 8 of 10 changes
// append to a file; one makes a file, one removes that again.
import { appendFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout } from 'node:timers/promises';

import { random } from '../measure/random.js';
import { directories, FILES } from '../measure/tree.js';

const [root, seed] = process.argv.slice(2);
const next = random(Number(seed));
const folders = directories(root);
let made = '';

function change(/** @type {number} */ index) {
  const folder = folders[Math.floor(next() * folders.length)];
  if (index % 10 === 8) {
    made = join(folder, `made ${index}`);
    writeFileSync(made, '');
  } else if (index % 10 === 9) {
    unlinkSync(made);
  } else {
    appendFileSync(join(folder, `file ${Math.floor(next() * FILES)}`), '.');
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const { changes, rate, marker } = JSON.parse(line);
  const begin = performance.now();
  for (let index = 0; index < changes; index += 1) {
    const early = rate === 0 ? 0 : (index * 1000) / rate - (performance.now() - begin);
    if (early > 1) await setTimeout(early);
    change(index);
  }
  writeFileSync(join(root, marker), '');
}
