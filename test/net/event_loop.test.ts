import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, it, onTestFinished } from 'vitest';
import { WebSocket } from 'ws';

const program = (name: string): string => fileURLToPath(new URL(`programs/${name}`, import.meta.url));
const LEAST = 20;

it('timers, immediates, files, workers and the thread pool work beside a server, which --cpu-prof sees', {
  timeout: 60_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'kevent-profile-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--cpu-prof',
    `--cpu-prof-dir=${folder}`,
    '--cpu-prof-interval=100',
    program('beside.js'),
  ]);
  const counts = Object.values<number>(JSON.parse(stdout));
  expect(counts).toHaveLength(6);
  for (const count of counts) expect(count).toBeGreaterThanOrEqual(LEAST);
  const profiles = readdirSync(folder).map((name) => readFileSync(join(folder, name), 'utf8'));
  expect(profiles.some((profile) => profile.includes('/net/stream_handle.js'))).toBe(true);
});

it('an inspector gets its answers from a server that never rests', { timeout: 60_000 }, async () => {
  const child = spawn(process.execPath, ['--inspect=127.0.0.1:0', program('inspected.js')], {
    stdio: ['ignore', 'inherit', 'pipe'],
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let url = '';
  for await (const line of createInterface({ input: child.stderr })) {
    url = /ws:\S+/.exec(line)?.[0] ?? '';
    if (url !== '') break;
  }
  const inspector = new WebSocket(url);
  await once(inspector, 'open');
  let id = 0;
  const evaluate = async (expression: string): Promise<unknown> => {
    id += 1;
    inspector.send(JSON.stringify({ id, method: 'Runtime.evaluate', params: { expression } }));
    const [answer] = await once(inspector, 'message');
    return JSON.parse(String(answer)).result.result.value;
  };
  const before = Number(await evaluate('globalThis.received ?? 0'));
  while (Number(await evaluate('globalThis.received ?? 0')) <= before + 1000);
  expect(await evaluate('6 * 7')).toBe(42);
  inspector.close();
});
