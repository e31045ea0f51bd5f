// The C peers: compiled when first needed.
import { execFile } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const SOURCES = fileURLToPath(new URL('../native/', import.meta.url));
const BUILD = fileURLToPath(new URL('../build/', import.meta.url));
const HEADERS = join(dirname(process.execPath), '../include/node');

/** The path of a program of test/bench/native. */
export function native(/** @type {string} */ name) {
  return `${BUILD}${name}`;
}

/** The CPU time of a process so far, user and system, all threads, in µs. */
export async function cpuTime(/** @type {number} */ pid) {
  const { stdout } = await promisify(execFile)(native('cpu_time'), [String(pid)]);
  return Number(stdout);
}

/**
 * Compiles them.
 *
 * @returns {Promise<string | undefined>} why it cannot be, if it cannot
 */
export async function compile() {
  try {
    await promisify(execFile)('make', ['--silent', '-C', SOURCES, `NODE_INCLUDE=${HEADERS}`]);
    return undefined;
  } catch (error) {
    const { code, stderr } = /** @type {Error & {code?: unknown, stderr?: string}} */ (error);
    if (code === 'ENOENT') return 'no make on this machine';
    return `the C peers do not compile: ${stderr?.trim()}`;
  }
}
