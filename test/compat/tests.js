// Which of Node's tests there are, and which of them can be run outside of Node's own build.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const FOLDERS = ['parallel', 'sequential'];
const INTERNALS = /--expose[-_]internals|process\.binding|internalBinding|require\(['"]internal\//;

/**
 * @typedef {object} Test
 * @property {string} name - such as parallel/test-net-listen-fd0.js
 * @property {string} path
 * @property {boolean} alone - not beside others
 * @property {string[]} flags - what it wants node to be started with
 */

/**
 * The tests of a group.
 *
 * @param {string} folder - Node's test folder
 * @param {string} group - net, http, ...
 * @returns {{tests: Test[], internals: string[]}} internals: those left out because they look into Node
 */
export function findTests(folder, group) {
  const pattern = new RegExp(`^test-${group}-.*\\.m?js$`);
  const tests = [];
  const internals = [];
  for (const part of FOLDERS) {
    for (const file of readdirSync(join(folder, part)).sort()) {
      if (!pattern.test(file)) continue;
      const name = `${part}/${file}`;
      const path = join(folder, name);
      const source = readFileSync(path, 'utf8');
      if (INTERNALS.test(source)) internals.push(name);
      else tests.push({ name, path, alone: part === 'sequential', flags: flagsOf(source) });
    }
  }
  return { tests, internals };
}

function flagsOf(/** @type {string} */ source) {
  const line = /^\/\/ Flags:\s+(--.*)$/m.exec(source);
  return line === null ? [] : line[1].trim().split(/\s+/);
}
