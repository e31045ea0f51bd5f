import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { watch } from '../../../lib/index.js';
import { Folder } from './folder.js';
import { inotifyWatches } from './inotify_watches.js';

describe('new directories', () => {
  it('are read once, without a gap or a double, however quickly they are filled', async () => {
    using folder = new Folder();
    await using watching = folder.watch({ recursive: true });
    const expected: string[] = [];
    for (let tree = 0; tree < 20; tree += 1) {
      let at = `tree-${tree}`;
      for (let depth = 0; depth < 8; depth += 1) {
        expected.push(`create ${at}/`);
        folder.make(at);
        for (let file = 0; file < 3; file += 1) {
          expected.push(`create ${at}/${file}`);
          folder.write(`${at}/${file}`, '');
        }
        // So that some are found by reading, and some by their records.
        if (depth % 3 === 0) await new Promise(setImmediate);
        at += `/d${depth}`;
      }
    }
    const created = (await watching.told()).filter((told) => told.startsWith('create'));
    expect(created.sort()).toEqual(expected.sort());
  });

  it('that are gone again at once leave nothing', async () => {
    using folder = new Folder();
    await using watching = folder.watch({ recursive: true });
    await watching.told();
    const before = inotifyWatches();
    for (let round = 0; round < 50; round += 1) {
      folder.make('a/b/c');
      folder.write('a/b/c/file');
      folder.remove('a');
    }
    const balance = new Map<string, number>();
    for (const told of await watching.told()) {
      const [type = '', place = ''] = told.split(' ');
      if (type === 'create') balance.set(place, 1);
      if (type === 'remove')
        for (const name of balance.keys()) if (name.startsWith(place)) balance.delete(name);
    }
    expect([...balance.keys()]).toEqual([]);
    // One more: the entry that told the end is watched too.
    expect(inotifyWatches()).toBe(before + 1);
  });

  it('that links lead to are not followed, but the root is', async () => {
    using folder = new Folder();
    mkdirSync(path.join(folder.outside, 'sub'));
    symlinkSync(folder.outside, folder.at('link'));
    await using watching = folder.watch({ recursive: true });
    symlinkSync(folder.outside, folder.at('later'));
    writeFileSync(path.join(folder.outside, 'sub/unheard'), '');
    expect(await watching.told()).toEqual(['create later']);
    const next = watch(folder.at('link'), { recursive: true }).once();
    writeFileSync(path.join(folder.outside, 'sub/heard'), '');
    expect(await next).toMatchObject({ type: 'create', path: folder.at('link/sub/heard') });
  });

  it('deeper than a path can be long are told to be unreadable', async () => {
    using folder = new Folder();
    await using watching = folder.watch({ recursive: true });
    const before = process.cwd();
    process.chdir(folder.root);
    try {
      for (let depth = 0; depth < 20; depth += 1) {
        mkdirSync('d'.repeat(250));
        process.chdir('d'.repeat(250));
      }
    } catch {
      // getcwd fails before mkdir does.
    } finally {
      process.chdir(before);
    }
    const unreadable = (await watching.events()).filter((event) => event.type === 'unreadable');
    expect(unreadable).toMatchObject([{ directory: true, error: { code: 'ENAMETOOLONG' } }]);
  });
});
