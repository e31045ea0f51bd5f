// docs/compat.md: which of Node's tests fail with kevent's modules, and why.
import { writeFileSync } from 'node:fs';

import { MODULES } from './groups.js';
import { count, expectedReason, failures } from './outcomes.js';

const PAGE = new URL('../../docs/compat.md', import.meta.url);

/** Writes the page. */
export function writeDocument(/** @type {import('./outcomes.js').Results[]} */ results) {
  const groups = [...new Set(results.map(({ group }) => group))];
  const of = (/** @type {string} */ group, /** @type {string} */ mode) =>
    results.find((result) => result.group === group && result.mode === mode);

  const rows = groups.map((group) => {
    const [builtin, kevent] = ['builtin', 'kevent'].map((mode) => shown(of(group, mode)));
    const { internals = 0 } = of(group, 'kevent') ?? of(group, 'builtin') ?? {};
    return `| test-${group}-* | ${builtin} | ${kevent} | ${internals} |`;
  });
  const lists = groups.flatMap((group) => {
    const kevent = of(group, 'kevent');
    if (kevent === undefined || failures(kevent).length === 0) return [];
    const failing = failures(kevent).map(({ test }) => {
      return `| ${test.name} | ${expectedReason(test.name) ?? 'not looked into yet'} |`;
    });
    return [`## What fails of test-${group}-*\n\n| test | why |\n|---|---|\n${failing.join('\n')}\n`];
  });
  writeFileSync(PAGE, `${[introduction(), table(rows), ...lists].join('\n')}`);
}

function shown(/** @type {import('./outcomes.js').Results | undefined} */ result) {
  if (result === undefined) return 'not run';
  const { passed, run } = count(result);
  return `${passed} of ${run} (${((100 * passed) / run).toFixed(1)} %)`;
}

function introduction() {
  return `# Compatibility

Written by \`node test/compat/run.js CHECKOUT --document\` on Node.js ${process.version}. It runs Node's own
tests of net, http and https, once with the built-in modules and once with ${MODULES.map((name) => `\`kevent/${name}\``).join(', ')}
in their place. Every test is a program of its own; it passes if it ends with status 0. Tests that look
into Node's internals (\`--expose-internals\`, \`process.binding\`) cannot be run this way and are left out.
The column of kevent counts the tests that the built-in module of this Node.js passes: the checkout is of
another release, and some of its tests ask for what has changed since.
`;
}

function table(/** @type {string[]} */ rows) {
  return `| tests | built-in | kevent | left out |\n|---|---:|---:|---:|\n${rows.join('\n')}\n`;
}
