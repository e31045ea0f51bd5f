import {
  chmodSync,
  closeSync,
  mkdirSync,
  openSync,
  renameSync,
  rmdirSync,
  rmSync,
  symlinkSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { KEVENT_INODE_ATTRIB, watch } from '../../../lib/index.js';
import { Folder, Watching } from './folder.js';

describe('the root of a watch', () => {
  it('that is deleted is gone, and back with what is in it when it is made again', async () => {
    using folder = new Folder();
    folder.make('sub');
    await using watching = folder.watch({ recursive: true });
    rmSync(folder.root, { recursive: true });
    expect(await watching.first(2)).toEqual(['remove sub/', 'gone ./']);
    folder.make('new');
    expect(await watching.first(2)).toEqual(['back ./', 'create new/']);
    folder.write('new/file');
    expect(await watching.told()).toEqual(['create new/file', 'change new/file']);
  });

  it('that is replaced at once is gone and back', async () => {
    using folder = new Folder();
    folder.make('sub');
    await using watching = folder.watch({ recursive: true });
    rmSync(folder.root, { recursive: true });
    folder.make('other');
    expect(await watching.first(4)).toEqual(['remove sub/', 'gone ./', 'back ./', 'create other/']);
  });

  it('that is moved away is gone, whatever happens there, until it comes back', async () => {
    using folder = new Folder();
    folder.write('file');
    await using watching = folder.watch({ recursive: true });
    const away = path.join(folder.outside, 'away');
    renameSync(folder.root, away);
    writeFileSync(path.join(away, 'unheard'), '');
    expect(await watching.first(1)).toEqual(['gone ./']);
    renameSync(away, folder.root);
    expect((await watching.first(3)).sort()).toEqual(['back ./', 'create file', 'create unheard']);
    folder.write('file', 'heard');
    expect(await watching.told()).toEqual(['change file']);
  });

  it('is found again when its parents were gone too', async () => {
    using folder = new Folder();
    folder.make('a/b/c');
    const root = folder.at('a/b/c');
    await using watching = new Watching(folder, watch(root, { recursive: true }));
    folder.remove('a');
    expect(await watching.first(1)).toEqual(['gone a/b/c/']);
    folder.make('a');
    folder.make('a/other');
    folder.make('a/b');
    await new Promise(setImmediate);
    folder.rename('a/b', 'a/elsewhere');
    folder.make('a/elsewhere/c/d');
    folder.rename('a/elsewhere', 'a/b');
    expect(await watching.first(2)).toEqual(['back a/b/c/', 'create a/b/c/d/']);
  });

  it('that somebody is in when it is removed is gone at once', async () => {
    using folder = new Folder();
    const fd = openSync(folder.root, 'r');
    try {
      await using watching = folder.watch();
      rmdirSync(folder.root);
      expect(await watching.first(1)).toEqual(['gone ./']);
      folder.make('new');
      expect(await watching.first(2)).toEqual(['back ./', 'create new/']);
    } finally {
      closeSync(fd);
    }
  });

  it('that is a link is what the link leads to, and changes with it', async () => {
    using folder = new Folder();
    folder.make('v1');
    folder.make('v2');
    folder.write('v2/file');
    symlinkSync('v1', folder.at('current'));
    await using watching = new Watching(folder, watch(folder.at('current')));
    folder.write('v1/file');
    expect(await watching.first(2)).toEqual(['create current/file', 'change current/file']);
    symlinkSync('v2', folder.at('next'));
    folder.rename('next', 'current');
    expect(await watching.first(3)).toEqual(['gone current/', 'back current/', 'create current/file']);
    folder.remove('v2/file');
    expect(await watching.first(1)).toEqual(['remove current/file']);
  });
});

describe('watch of a file', () => {
  it('goes on when an editor saves it by renaming another one over it', async () => {
    using folder = new Folder();
    folder.write('file');
    await using watching = new Watching(folder, watch(folder.at('file')));
    for (let save = 0; save < 3; save += 1) {
      folder.write('.file.tmp', `save ${save}`);
      folder.rename('.file.tmp', 'file');
      expect(await watching.first(1)).toEqual(['change file']);
    }
    // vim: the old one becomes a backup, and a new one is written.
    folder.rename('file', 'file~');
    expect(await watching.first(1)).toEqual(['remove file']);
    folder.write('file', '');
    expect(await watching.first(1)).toEqual(['create file']);
    folder.write('file', 'in place');
    const changes = new Set(await watching.first(1));
    expect([...changes]).toEqual(['change file']);
    unlinkSync(folder.at('file'));
    for (;;) {
      const [told] = await watching.first(1);
      if (told === 'remove file') break;
      expect(told).toBe('change file');
    }
  });

  it('hears of nothing else in its directory, and of what is written through another link', async () => {
    using folder = new Folder();
    folder.write('file');
    folder.write('other');
    const mask = KEVENT_INODE_ATTRIB;
    await using watching = new Watching(folder, watch(folder.at('file'), { mask }));
    chmodSync(folder.at('other'), 0o600);
    chmodSync(folder.at('file'), 0o600);
    expect(await watching.first(1)).toEqual(['attributes file']);
  });

  it('waits for it when its directory is gone too', async () => {
    using folder = new Folder();
    folder.make('a/b');
    folder.write('a/b/file');
    await using watching = new Watching(folder, watch(folder.at('a/b/file')));
    folder.remove('a');
    expect(await watching.first(1)).toEqual(['remove a/b/file']);
    mkdirSync(folder.at('a'));
    folder.make('a/b');
    folder.write('a/b/file', '');
    expect(await watching.first(1)).toEqual(['create a/b/file']);
  });
});
