import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { Program } from './program.js';
import { ROOT, read } from './shown.js';

const FOLDER = join(ROOT, 'docs', 'diagrams');

/** Plays all scenarios on the engine and draws what came of it, in a process that has the built package. */
async function drawn(): Promise<Record<string, string>> {
  const program = `
    import { scenarios } from './docs/diagrams/scenarios.js';
    import { svg } from './docs/diagrams/svg.js';
    const drawn = Object.entries(scenarios).map(([name, run]) => [name + '.svg', svg(run())]);
    console.log(JSON.stringify(Object.fromEntries(drawn)));`;
  const run = new Program(['--input-type=module', '--eval', program]);
  expect(await run.ended()).toBe(0);
  return JSON.parse(run.output);
}

describe('the diagrams', () => {
  const committed = readdirSync(FOLDER).filter((name) => name.endsWith('.svg'));

  it('show what happens now: npm run diagrams', async () => {
    const now = await drawn();
    expect(Object.keys(now).sort()).toEqual(committed.sort());
    for (const [name, svg] of Object.entries(now)) {
      expect(readFileSync(join(FOLDER, name), 'utf8'), name).toBe(svg);
    }
  });

  it.each(committed)('%s has a title, and says in words what it shows', (name) => {
    const svg = readFileSync(join(FOLDER, name), 'utf8');
    expect(svg).toMatch(/<title>[^<]+<\/title>\n<desc>ADD|<title>[^<]+<\/title>\n<desc>write/);
    expect(svg).toContain('prefers-color-scheme: dark');
    expect(read('docs/flags.md')).toContain(`(diagrams/${name})`);
  });
});
