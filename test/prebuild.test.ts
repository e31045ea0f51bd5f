import { execFileSync } from 'node:child_process';
import { createRequire } from 'node:module';
import { expect, test } from 'vitest';
import { sourceHash } from '../native/build/source-hash.js';

const prebuilt = '../prebuilds/linux-x64/kevent.glibc.node';

test.runIf(process.platform === 'linux' && process.arch === 'x64')(
  'the prebuilt binary was built from the sources beside it',
  () => {
    const binding: { sourceHash(): string } = createRequire(import.meta.url)(prebuilt);
    expect(binding.sourceHash(), 'run `npm run build:native` and commit prebuilds/').toBe(sourceHash());
  },
);

test.runIf(process.platform === 'linux')('the prebuilt binary loads on glibc 2.28', () => {
  const program = new URL('../native/build/check-glibc.js', import.meta.url).pathname;
  expect(execFileSync(process.execPath, [program], { encoding: 'utf8' })).toContain('loads on glibc 2.28');
});
