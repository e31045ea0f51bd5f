// A server in a process of its own on one core, and the load on it on another.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

import { pinned, run } from './child.js';
import { native } from './native.js';

/**
 * A server that is measured: it prints one line of JSON with its port, answers each line of its input
 * with one line of JSON where it has something to tell, and is killed in the end.
 *
 * @typedef {object} Server
 * @property {number} port
 * @property {number} pid
 * @property {() => Promise<any>} ask
 */

/**
 * Starts a server, has it used, and ends it.
 *
 * @template T
 * @param {string[]} command
 * @param {(server: Server) => Promise<T>} use
 * @returns {Promise<T>}
 */
export async function withServer(command, use) {
  const [file, ...args] = pinned(0, command);
  const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let complaint = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    complaint += text;
  });
  const gone = new Promise((resolve) => child.once('close', resolve));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const { value, done } = await lines.next();
    if (done) throw new Error('the server ended');
    return JSON.parse(value);
  };
  try {
    const { port } = await answer();
    const ask = () => {
      child.stdin.write('\n');
      return answer();
    };
    return await use({ port, pid: /** @type {number} */ (child.pid), ask });
  } catch (error) {
    throw new Error(`${command.join(' ')}: ${complaint}`, { cause: error });
  } finally {
    child.kill('SIGKILL');
    await gone;
  }
}

/**
 * One measurement: a compiled load on a server.
 *
 * @param {string[]} server
 * @param {string} load - a program of test/bench/native whose first arguments are the port and the pid
 * @param {(string | number)[]} args - the others
 */
export function measureLoad(server, load, args) {
  return withServer(server, ({ port, pid }) =>
    run(pinned(1, [native(load), port, pid, ...args].map(String))),
  );
}
