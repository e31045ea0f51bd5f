import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';

const program = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));

describe('with connections in the middle of it all', { timeout: 60_000 }, () => {
  it('a worker thread can be terminated, and leaves no descriptor behind', async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [program('terminated.js')]);
    const { before, after } = JSON.parse(stdout);
    expect(after).toBe(before);
  });

  it.each(['connection', 'data', 'tick', 'microtask', 'written', 'close', 'thrown'])(
    'process.exit() in a handler (%s) ends the process',
    async (where) => {
      const child = spawn(process.execPath, [program('exiting.js'), where], { stdio: 'inherit' });
      expect(await once(child, 'exit')).toEqual([7, null]);
    },
  );
});
