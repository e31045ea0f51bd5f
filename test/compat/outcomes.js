// What came out of a run, and why what failed is known to fail.
import { readFileSync } from 'node:fs';

/** @type {Record<string, string>} */
const EXPECTED = JSON.parse(readFileSync(new URL('expected.json', import.meta.url), 'utf8'));

/**
 * @typedef {object} Results
 * @property {keyof typeof import('./groups.js').GROUPS} group
 * @property {string} mode
 * @property {import('./execute.js').Outcome[]} outcomes
 * @property {number} internals - how many tests were left out because they look into Node
 * @property {Set<string>} failing - those that fail with the built-in module too; empty if that is not known
 */

/** How many passed, of how many that did anything and that the built-in module passes. */
export function count(/** @type {Results} */ { outcomes, failing }) {
  const counted = outcomes.filter(({ test }) => !failing.has(test.name));
  const skipped = counted.filter(({ state }) => state === 'skipped').length;
  return {
    passed: counted.filter(({ state }) => state === 'passed').length,
    run: counted.length - skipped,
    skipped,
    excused: outcomes.length - counted.length,
    again: outcomes.filter(({ again }) => again).map(({ test }) => test.name),
  };
}

/** What failed, without what the built-in module fails too. */
export function failures(/** @type {Results} */ { outcomes, failing }) {
  return outcomes
    .filter(({ test, state }) => state === 'failed' && !failing.has(test.name))
    .sort((one, other) => one.test.name.localeCompare(other.test.name));
}

/** Why a test is known to fail with kevent's modules, if it is. */
export function expectedReason(/** @type {string} */ name) {
  return EXPECTED[name];
}
