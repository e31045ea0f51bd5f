import { execFileSync } from 'node:child_process';
import { renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { Folder } from './folder.js';

/** Does to the names that are known what is told. */
function apply(known: Set<string>, told: string): void {
  const [type = '', from = '', , to = ''] = told.split(' ');
  if (type === 'create') known.add(from);
  if (type !== 'remove' && type !== 'rename') return;
  const moved = [...known].filter((name) => name === from || (from.endsWith('/') && name.startsWith(from)));
  for (const name of moved) known.delete(name);
  if (type === 'rename') for (const name of moved) known.add(to + name.slice(from.length));
}

describe('a rename', () => {
  it('is one event, within a directory and between two', async () => {
    using folder = new Folder();
    folder.make('a');
    folder.make('b');
    folder.write('a/file');
    await using watching = folder.watch({ recursive: true });
    folder.rename('a/file', 'a/other');
    folder.rename('a/other', 'b/moved');
    folder.write('b/moved', 'more');
    expect(await watching.told()).toEqual([
      'rename a/file -> a/other',
      'rename a/other -> b/moved',
      'change b/moved',
    ]);
  });

  it('takes along all that is below a directory, and its watches', async () => {
    using folder = new Folder();
    folder.make('a/b/c');
    folder.make('target');
    await using watching = folder.watch({ recursive: true });
    folder.rename('a', 'target/moved');
    folder.write('target/moved/b/c/file');
    folder.rename('target/moved/b', 'b');
    folder.remove('b/c/file');
    expect(await watching.told()).toEqual([
      'rename a/ -> target/moved/',
      'create target/moved/b/c/file',
      'change target/moved/b/c/file',
      'rename target/moved/b/ -> b/',
      'remove b/c/file',
    ]);
  });

  it('over an entry that is there replaces it', async () => {
    using folder = new Folder();
    folder.write('file');
    folder.make('empty');
    folder.make('full/sub');
    await using watching = folder.watch({ recursive: true });
    folder.write('tmp');
    folder.rename('tmp', 'file');
    folder.rename('full', 'empty');
    folder.write('empty/sub/x');
    folder.remove('file');
    expect(await watching.told()).toEqual([
      'create tmp',
      'change tmp',
      'rename tmp -> file',
      'rename full/ -> empty/',
      'create empty/sub/x',
      'change empty/sub/x',
      'remove file',
    ]);
  });

  it('out of the tree is a removal, into it a creation with all that comes along', async () => {
    using folder = new Folder();
    folder.make('dir/sub');
    folder.write('file');
    await using watching = folder.watch({ recursive: true });
    const outside = path.join(folder.outside, 'dir');
    renameSync(folder.at('file'), path.join(folder.outside, 'file'));
    renameSync(folder.at('dir'), outside);
    expect(await watching.told()).toEqual(['remove file', 'remove dir/']);
    writeFileSync(path.join(outside, 'sub/unheard'), '');
    renameSync(outside, folder.at('back'));
    renameSync(path.join(folder.outside, 'file'), folder.at('back/sub/file'));
    expect((await watching.told()).sort()).toEqual([
      'create back/',
      'create back/sub/',
      'create back/sub/file',
      'create back/sub/unheard',
    ]);
    folder.write('back/sub/file', 'heard');
    expect(await watching.told()).toEqual(['change back/sub/file']);
  });

  it('from outside over a file that is there is a change of that', async () => {
    using folder = new Folder();
    folder.write('file');
    await using watching = folder.watch();
    writeFileSync(path.join(folder.outside, 'tmp'), 'new');
    renameSync(path.join(folder.outside, 'tmp'), folder.at('file'));
    expect(await watching.told()).toEqual(['change file']);
  });

  it('that exchanges two entries leaves both', async () => {
    using folder = new Folder();
    folder.make('one/in-one');
    folder.make('two/in-two');
    await using watching = folder.watch({ recursive: true });
    const script =
      'import ctypes,sys; sys.exit(ctypes.CDLL(None).renameat2(-100, sys.argv[1].encode(), -100, sys.argv[2].encode(), 2))';
    execFileSync('python3', ['-c', script, folder.at('one'), folder.at('two')]);
    const names = new Set(['one', 'one/in-one', 'two', 'two/in-two']);
    while ([...names].sort().join() !== 'one,one/in-two,two,two/in-one') {
      const event = await watching.next();
      const place = (name: string): string => path.relative(folder.root, name);
      const below = (top: string): string[] => [...names].filter((name) => `${name}/`.startsWith(`${top}/`));
      if (event.type === 'create') names.add(place(event.path));
      if (event.type === 'remove') for (const name of below(place(event.path))) names.delete(name);
      if (event.type !== 'rename') continue;
      for (const name of below(place(event.to))) names.delete(name);
      for (const name of below(place(event.from))) {
        names.delete(name);
        names.add(place(event.to) + name.slice(place(event.from).length));
      }
    }
    folder.write('one/in-two/a');
    folder.write('two/in-one/b');
    expect((await watching.told()).filter((told) => told.startsWith('create'))).toEqual([
      'create one/in-two/a',
      'create two/in-one/b',
    ]);
  });

  it.each([
    { moved: 'file', later: 'directory' },
    { moved: 'directory', later: 'file' },
  ])(
    'of a $moved, whose old place is a $later by the time that its directory is read, leaves both',
    async ({ moved }) => {
      using folder = new Folder();
      const isFile = moved === 'file';
      folder.make('old');
      if (isFile) folder.write('old/entry');
      else folder.make('old/entry/below');
      const known = new Set([
        'old/',
        isFile ? 'old/entry' : 'old/entry/',
        ...(isFile ? [] : ['old/entry/below/']),
      ]);
      await using watching = folder.watch({ recursive: true });
      // When the record of this is dealt with, the other directory has the name already.
      folder.make('new');
      const between = path.join(folder.outside, 'between');
      renameSync(folder.at('old'), between);
      folder.rename('new', 'old');
      renameSync(between, folder.at('new'));
      // No directory: so the watch of the one that it was is left on.
      folder.remove('old');
      folder.write('old');
      folder.rename('new/entry', 'moved');
      if (isFile) folder.make('new/entry/below');
      else folder.write('new/entry');
      const all = isFile
        ? ['moved', 'new/', 'new/entry/', 'new/entry/below/', 'old']
        : ['moved/', 'moved/below/', 'new/', 'new/entry', 'old'];
      for (const told of await watching.told()) apply(known, told);
      expect([...known].sort()).toEqual(all);
    },
  );

  it('is still one event if its halves come in different deliveries', async () => {
    using folder = new Folder();
    folder.make('a');
    folder.make('b');
    const names = Array.from({ length: 3000 }, (_, index) => `${'long'.repeat(20)}-${index}`);
    for (const name of names) folder.write(`a/${name}`, '');
    await using watching = folder.watch({ recursive: true });
    for (const name of names) folder.rename(`a/${name}`, `b/${name}`);
    expect(await watching.told()).toEqual(names.map((name) => `rename a/${name} -> b/${name}`));
  });
});
