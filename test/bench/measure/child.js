// Runs one measured program in a process of its own. Each prints one line of JSON and ends.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { fileURLToPath } from 'node:url';

const TASKSET = ['/usr/bin/taskset', '/bin/taskset'].find((path) => existsSync(path));

/** The path of a program in test/bench/programs. */
export function program(/** @type {string} */ name) {
  return fileURLToPath(new URL(`../programs/${name}`, import.meta.url));
}

/**
 * Runs a command and answers what it printed, parsed.
 *
 * @param {string[]} command
 * @returns {Promise<any>}
 */
export async function run(command) {
  const [file, ...args] = command;
  const child = spawn(file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, err, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise((resolve, reject) => child.once('error', reject).once('close', resolve)),
  ]);
  if (code !== 0) throw new Error(`${command.join(' ')} ended with ${code}\n${err}`);
  return JSON.parse(out);
}

/** The command on that core, where the machine has more than one and taskset is there. */
export function pinned(/** @type {0 | 1} */ core, /** @type {string[]} */ command) {
  if (TASKSET === undefined || availableParallelism() < 2) return command;
  return [TASKSET, '-c', String(core), ...command];
}

/** Runs it on one core: less noise. */
export function runPinned(/** @type {string[]} */ command) {
  return run(pinned(1, command));
}

/** The same ahead of whatever else the machine has to do, where the user may ask for that. */
export function runPunctually(/** @type {string[]} */ command) {
  const priority = ['chrt', '--fifo', '1'];
  const { status } = spawnSync(priority[0], [...priority.slice(1), 'true']);
  return run(status === 0 ? [...priority, ...command] : command);
}

/**
 * Runs the peers A B C, C B A, A B C ..., so that what the machine does meanwhile, and what one leaves
 * behind for the next, meets all of them alike.
 *
 * @template {string} Name
 * @param {Record<Name, () => Promise<any>>} peers
 * @param {number} repetitions
 * @returns {Promise<Record<Name, any[]>>} what each printed, by repetition
 */
export async function interleave(peers, repetitions) {
  const names = /** @type {Name[]} */ (Object.keys(peers));
  const results = /** @type {Record<Name, any[]>} */ ({});
  for (const name of names) results[name] = [];
  for (let repetition = 0; repetition < repetitions; repetition += 1) {
    const turn = repetition % 2 === 0 ? names : [...names].reverse();
    for (const name of turn) results[name].push(await peers[name]());
  }
  return results;
}

async function text(/** @type {import('node:stream').Readable} */ stream) {
  let all = '';
  stream.setEncoding('utf8');
  for await (const chunk of stream) all += chunk;
  return all;
}
