// node test/compat/run.js CHECKOUT [--group NAME,...] [--mode builtin|kevent|both] [--only TEXT] [--jobs N]
//                         [--output] [--document]
//
// Runs Node's own tests of net, http and https, with the built-in modules and with kevent's in their
// place. CHECKOUT is a folder of Node's sources, or anything else that has its test/common,
// test/fixtures, test/parallel and test/sequential; take the release that is nearest to the running one.
//
// --group     which tests, by the word after "test-" in their names (default: net,http,https)
// --mode      which modules (default: both)
// --only      only the tests whose names contain this
// --jobs      how many at once (default: two a core; they mostly wait)
// --output    print all that a failed test printed, not only its last lines
// --document  write docs/compat.md
//
// Ends with status 1 if less than the promised share passes with kevent's modules. What fails with the
// built-in module of this Node.js too, because the checkout is of another release, does not count; that is
// known only if both are run.
import { existsSync, realpathSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

import { writeDocument } from './document.js';
import { execute } from './execute.js';
import { GROUPS, MODULES, PROMISED } from './groups.js';
import { enterNamespace } from './namespace.js';
import { count, expectedReason, failures } from './outcomes.js';
import { findTests } from './tests.js';

const LAST_LINES = 12;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    group: { type: 'string', default: PROMISED.join() },
    mode: { type: 'string', default: 'both' },
    only: { type: 'string', default: '' },
    jobs: { type: 'string', default: String(2 * availableParallelism()) },
    output: { type: 'boolean', default: false },
    document: { type: 'boolean', default: false },
  },
});

const checkout = positionals[0];
if (checkout === undefined) {
  console.log("skipped: no folder with Node's own tests was given");
  process.exit(0);
}
if (!existsSync(join(checkout, 'test', 'common', 'index.js')))
  fail(`${checkout} has no test/common/index.js`);
const groups = values.group.split(',').map((name) => {
  if (!(name in GROUPS)) fail(`no group ${name}; there are: ${Object.keys(GROUPS).join(', ')}`);
  return /** @type {keyof typeof GROUPS} */ (name);
});
if (!['builtin', 'kevent', 'both'].includes(values.mode)) fail('--mode is builtin, kevent or both');

const namespace = enterNamespace();
if ('status' in namespace) process.exit(namespace.status);
if ('without' in namespace)
  console.log(`no network namespace: ${namespace.without}; some tests may fail for that\n`);

const folder = realpathSync(join(checkout, 'test'));
const modules = MODULES.filter(isThere);
const modes = ['builtin', 'kevent'].filter((mode) => values.mode === 'both' || values.mode === mode);
if (modes.includes('kevent')) console.log(`kevent's modules: ${modules.join(', ') || 'none'}\n`);

/** @type {import('./outcomes.js').Results[]} */
const results = [];
for (const group of groups) {
  const { tests, internals } = findTests(folder, group);
  const chosen = tests.filter((test) => test.name.includes(values.only));
  for (const mode of modes) {
    if (mode === 'kevent' && modules.length === 0) continue;
    const way = {
      folder,
      modules: mode === 'kevent' ? modules : [],
      jobs: Number(values.jobs),
    };
    const outcomes = await execute(chosen, way, (outcome) => {
      if (outcome.state === 'failed') console.log(`failed: ${mode} ${outcome.test.name}`);
    });
    const builtin = results.find((other) => other.group === group && other.mode === 'builtin');
    const failing = new Set(builtin === undefined ? [] : failures(builtin).map(({ test }) => test.name));
    const result = { group, mode, outcomes, internals: internals.length, failing };
    results.push(result);
    console.log(`${summary(result)}\n`);
  }
}

for (const result of results) {
  for (const { test, output } of failures(result)) {
    const reason = result.mode === 'kevent' ? expectedReason(test.name) : undefined;
    console.log(`\n=== ${result.mode} ${test.name}${reason === undefined ? '' : `\n    known: ${reason}`}`);
    console.log(values.output ? output : output.split('\n').slice(-LAST_LINES).join('\n'));
  }
}
console.log(`\n${results.map(summary).join('\n')}`);
if (values.document) writeDocument(results);
process.exitCode = results.every((result) => result.mode === 'builtin' || keepsPromise(result)) ? 0 : 1;

function isThere(/** @type {string} */ name) {
  try {
    return existsSync(new URL(import.meta.resolve(`kevent/${name}`)));
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return false;
    throw error;
  }
}

function summary(/** @type {import('./outcomes.js').Results} */ result) {
  const { passed, run, skipped, again, excused } = count(result);
  const share = run === 0 ? '' : ` (${((100 * passed) / run).toFixed(1)} %)`;
  const { least } = GROUPS[result.group];
  const budget =
    result.mode === 'builtin' || least === undefined
      ? ''
      : `, at least ${100 * least} %: ${keepsPromise(result) ? 'kept' : 'MISSED'}`;
  const rest = [
    `${result.internals} left out that need Node's internals`,
    `${skipped} skipped by themselves`,
    ...(excused === 0 ? [] : [`${excused} not counted: the built-in fails them too`]),
    ...(again.length === 0 ? [] : [`passed only when run again, alone: ${again.join(', ')}`]),
  ];
  return `${result.group}, ${result.mode}: ${passed} of ${run}${share}${budget}; ${rest.join('; ')}`;
}

function keepsPromise(/** @type {import('./outcomes.js').Results} */ result) {
  const { passed, run } = count(result);
  return passed >= run * (GROUPS[result.group].least ?? 0);
}

/** @returns {never} */
function fail(/** @type {string} */ message) {
  console.error(message);
  process.exit(2);
}
