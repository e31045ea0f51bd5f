// Who serves TCP in the rows that compare servers.
import { existsSync } from 'node:fs';

import { installBun } from '../measure/bun.js';
import { program } from '../measure/child.js';
import { compile, native } from '../measure/native.js';

export const C = 'C, epoll loop';
export const NODE = 'node:net';
export const KEVENT = 'kevent/net';
export const SLAB = 'kevent/net, slab server';
export const BUN = 'Bun.listen';

/** Whether a module can be imported here. */
export function isThere(/** @type {string} */ name) {
  try {
    return existsSync(new URL(import.meta.resolve(name)));
  } catch {
    return false;
  }
}

/** The command that runs a server of test/bench/programs on this Node.js. */
export function nodeServer(/** @type {string} */ file, /** @type {(string | number)[]} */ ...args) {
  return [process.execPath, '--expose-gc', program(`servers/${file}`), ...args.map(String)];
}

/**
 * The commands of the servers that can run here, and which cannot.
 *
 * @param {(string | number)[]} work - as tcp_server.c takes it
 * @returns {Promise<{servers: Record<string, string[]>, skipped: string[]} | {missing: string}>}
 */
export async function tcpServers(...work) {
  const missing = await compile();
  if (missing !== undefined) return { missing };
  /** @type {Record<string, string[]>} */
  const servers = {
    [C]: [native('tcp_server'), ...work.map(String)],
    [NODE]: nodeServer('tcp.js', 'node:net', ...work),
  };
  const skipped = [];
  if (isThere('kevent/net')) {
    servers[KEVENT] = nodeServer('tcp.js', 'kevent/net', ...work);
    servers[SLAB] = nodeServer('tcp-slab.js', ...work);
  } else {
    skipped.push('kevent/net is not in this version');
  }
  const bun = await installBun();
  if ('path' in bun) servers[BUN] = [bun.path, program('servers/tcp-bun.js'), ...work.map(String)];
  else skipped.push(bun.missing);
  return { servers, skipped };
}
