// Runs tests, each in a process of its own.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const PRELOAD = fileURLToPath(new URL('preload.cjs', import.meta.url));
const LIMIT_MS = 20_000;
const OUTPUT_BYTES = 256 * 1024;

/**
 * @typedef {import('./tests.js').Test} Test
 *
 * @typedef {object} Outcome
 * @property {Test} test
 * @property {'passed' | 'failed' | 'skipped'} state
 * @property {string} output - of a failed test: what it printed and how it ended
 * @property {boolean} [again] - failed first, and passed alone
 *
 * @typedef {object} Way
 * @property {string} folder - Node's test folder
 * @property {string[]} modules - those of kevent that are put in place of the built-in ones
 * @property {number} jobs - how many at once
 */

/**
 * Runs tests beside one another as far as they allow it. What fails is run once more, alone: most of
 * these tests have delays that a busy machine does not keep.
 *
 * @param {Test[]} tests
 * @param {Way} way
 * @param {(outcome: Outcome) => void} progress
 */
export async function execute(tests, way, progress) {
  const scratch = mkdtempSync(join(tmpdir(), 'kevent-compat-'));
  const together = tests.filter((test) => !test.alone);
  const alone = tests.filter((test) => test.alone);
  /** @type {Test[]} */
  const failed = [];
  /** @type {Outcome[]} */
  const outcomes = [];
  const settle = (/** @type {Outcome} */ outcome) => {
    outcomes.push(outcome);
    progress(outcome);
  };
  const work = async (/** @type {Test[]} */ waiting, /** @type {string} */ name) => {
    for (let test = waiting.shift(); test !== undefined; test = waiting.shift()) {
      const outcome = await runTest(test, way, join(scratch, name));
      if (outcome.state === 'failed') failed.push(test);
      else settle(outcome);
    }
  };
  const workers = Array.from({ length: way.jobs }, (_, index) => `together-${index}`);
  await Promise.all(workers.map((name) => work(together, name)));
  await work(alone, 'alone');
  for (const test of failed) {
    const outcome = await runTest(test, way, join(scratch, 'again'));
    settle({ ...outcome, again: outcome.state !== 'failed' });
  }
  rmSync(scratch, { recursive: true, force: true });
  return outcomes;
}

/**
 * @param {Test} test
 * @param {Way} way
 * @param {string} folder - for its temporary files
 * @returns {Promise<Outcome>}
 */
async function runTest(test, way, folder) {
  mkdirSync(folder, { recursive: true });
  const child = spawn(process.execPath, [...test.flags, test.path], {
    cwd: dirname(way.folder),
    env: environment(test, way, folder),
    stdio: ['ignore', 'pipe', 'pipe'],
    // A process group of its own, so that nothing that it started outlives it.
    detached: true,
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text) => {
      output = (output + text).slice(-OUTPUT_BYTES);
    });
  }
  let late = false;
  const limit = setTimeout(() => {
    late = true;
    endGroup(child.pid);
  }, LIMIT_MS);
  /** @type {[number | null, string | null]} */
  const [code, signal] = await new Promise((resolve) => {
    child.once('error', (error) => resolve([null, error.message]));
    // Not 'close': a grandchild may hold the pipes.
    child.once('exit', (code, signal) => setImmediate(() => resolve([code, signal])));
  });
  clearTimeout(limit);
  endGroup(child.pid);
  if (code === 0)
    return { test, state: /^1\.\.0 # Skipped/m.test(output) ? 'skipped' : 'passed', output: '' };
  const end = late ? `still running after ${LIMIT_MS / 1000} s` : `ended with ${code ?? signal}`;
  return { test, state: 'failed', output: `${output.trimEnd()}\n${end}` };
}

function environment(/** @type {Test} */ test, /** @type {Way} */ way, /** @type {string} */ folder) {
  const { NODE_OPTIONS: _, ...inherited } = process.env;
  return {
    ...inherited,
    NODE_TEST_DIR: folder,
    TEST_THREAD_ID: '0',
    ...(test.alone ? {} : { TEST_PARALLEL: '1' }),
    ...(way.modules.length === 0
      ? {}
      : {
          NODE_OPTIONS: `--require ${JSON.stringify(PRELOAD)}`,
          KEVENT_COMPAT_ROOT: way.folder,
          KEVENT_COMPAT_MODULES: way.modules.join(','),
        }),
  };
}

/** Kills what is left of a test. */
function endGroup(/** @type {number | undefined} */ leader) {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code !== 'ESRCH') throw error;
  }
}
