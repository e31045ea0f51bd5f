// One SHA-256 over everything that the binary is made of. The binary carries it, so that a test can
// tell whether the prebuilt binary in the repository was built from the sources beside it.
//
//   node native/build/source-hash.js
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { hashedFiles, root } from './sources.js';

export function sourceHash() {
  const hash = createHash('sha256');
  for (const file of hashedFiles()) {
    const content = readFileSync(path.join(root, file));
    // The length keeps apart what one file ends with and the next begins with.
    hash.update(`${file}\0${content.length}\0`).update(content);
  }
  return hash.digest('hex');
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  console.log(sourceHash());
}
