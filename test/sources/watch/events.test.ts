import {
  chmodSync,
  closeSync,
  fstatSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { describe, expect, it } from 'vitest';

import {
  KEVENT_INODE_ACCESS,
  KEVENT_INODE_ATTRIB,
  KEVENT_INODE_CLOSE_NOWRITE,
  KEVENT_INODE_CLOSE_WRITE,
  KEVENT_INODE_CREATE,
  KEVENT_INODE_ISDIR,
  KEVENT_INODE_MODIFY,
  KEVENT_INODE_MOVED_FROM,
  KEVENT_INODE_MOVED_TO,
  KEVENT_INODE_OPEN,
  KEVENT_INODE_REMOVE,
  Queue,
  watch,
} from '../../../lib/index.js';
import { Folder } from './folder.js';

describe('watch of a directory', () => {
  it('tells what is made, written and removed in it', async () => {
    using folder = new Folder();
    folder.write('old');
    await using watching = folder.watch();
    folder.write('new');
    folder.write('old', 'more');
    truncateSync(folder.at('old'), 1);
    folder.make('sub');
    folder.write('sub/unheard');
    linkSync(folder.at('old'), folder.at('link'));
    symlinkSync('nowhere', folder.at('symlink'));
    folder.remove('old');
    folder.remove('sub');
    expect(await watching.told()).toEqual(
      [
        'create new',
        'change new',
        'change old',
        'change old',
        'create sub/',
        'create link',
        'create symlink',
        'remove old',
        'remove sub/',
      ].filter((told, index, all) => told !== all[index - 1]),
    );
  });

  it('has paths that begin with the root as it was given, and inotify bits', async () => {
    using folder = new Folder();
    const before = process.cwd();
    process.chdir(folder.outside);
    try {
      const next = watch('../root/').once();
      folder.make('made');
      expect(await next).toEqual({
        type: 'create',
        path: '../root/made',
        directory: true,
        mask: KEVENT_INODE_CREATE | KEVENT_INODE_ISDIR,
      });
      const here = watch('.').once();
      writeFileSync('file', '');
      expect(await here).toMatchObject({ type: 'create', path: './file', directory: false });
      const url = watch(new URL(`file://${folder.root}`)).once();
      folder.make('another');
      expect(await url).toMatchObject({ path: folder.at('another') });
    } finally {
      process.chdir(before);
    }
  });

  it.each([
    ['CREATE', KEVENT_INODE_CREATE, ['create made', 'create last']],
    ['REMOVE', KEVENT_INODE_REMOVE, ['remove made']],
    ['ATTRIB', KEVENT_INODE_ATTRIB, ['attributes file']],
    ['OPEN', KEVENT_INODE_OPEN, ['open file', 'open file', 'open last']],
    ['ACCESS', KEVENT_INODE_ACCESS, ['access file']],
    ['MODIFY', KEVENT_INODE_MODIFY, ['change file']],
    ['CLOSE_WRITE', KEVENT_INODE_CLOSE_WRITE, ['change file', 'change last']],
    ['CLOSE_NOWRITE', KEVENT_INODE_CLOSE_NOWRITE, ['close file']],
    ['MOVED_FROM', KEVENT_INODE_MOVED_FROM, ['rename made -> moved', 'rename moved -> made']],
    ['MOVED_TO', KEVENT_INODE_MOVED_TO, ['rename made -> moved', 'rename moved -> made']],
  ])('tells of %s and nothing else if that is the mask', async (_, mask, told) => {
    using folder = new Folder();
    folder.write('file');
    await using queue = new Queue();
    const watching = folder.watch({ mask, queue });
    // Just so that the end of it all is told too, whatever the mask is.
    const all = folder.watch({ queue });
    const writer = openSync(folder.at('file'), 'a');
    writeSync(writer, 'more');
    closeSync(writer);
    const reader = openSync(folder.at('file'), 'r');
    readSync(reader, Buffer.alloc(4));
    closeSync(reader);
    chmodSync(folder.at('file'), 0o600);
    symlinkSync('x', folder.at('made'));
    folder.rename('made', 'moved');
    folder.rename('moved', 'made');
    unlinkSync(folder.at('made'));
    folder.write('last', '');
    while ((await all.next()).path !== folder.at('last'));
    // Both read one inotify instance: what the one has heard, the other has too.
    queue.close();
    expect((await watching.rest()).filter((event) => !event.endsWith('./'))).toEqual(told);
  });

  it('tells of opens and closes in order, and whether something could be written', async () => {
    using folder = new Folder();
    folder.write('file');
    const mask =
      KEVENT_INODE_OPEN | KEVENT_INODE_CLOSE_WRITE | KEVENT_INODE_CLOSE_NOWRITE | KEVENT_INODE_CREATE;
    await using watching = folder.watch({ mask });
    folder.write('file', 'again');
    readFileSync(folder.at('file'));
    const events = (await watching.events()).filter((event) => !event.directory);
    expect(events.map((event) => [event.type, 'written' in event && event.written])).toEqual([
      ['open', false],
      ['close', true],
      ['open', false],
      ['close', false],
    ]);
  });

  it('has names as they are: long, not UTF-8, not normalised', async () => {
    using folder = new Folder();
    const names = [
      Buffer.alloc(255, 'n'),
      Buffer.from([0xff, 0x2d, 0xfe]),
      Buffer.from('é'.normalize('NFC')),
      Buffer.from('é'.normalize('NFD')),
      Buffer.from(' \n*'),
      Buffer.from('日本語'.repeat(28)),
    ];
    const stream = watch(Buffer.from(folder.root), { encoding: 'buffer', recursive: true });
    const all = stream.take(2 * names.length).toArray();
    for (const name of names) {
      const directory = Buffer.concat([Buffer.from(`${folder.root}/`), name]);
      mkdirSync(directory);
      mkdirSync(Buffer.concat([directory, Buffer.from('/'), name]));
    }
    const paths = (await all).map((event) => event.path.toString('hex')).sort();
    const expected = names.flatMap((name) => {
      const top = Buffer.concat([Buffer.from(`${folder.root}/`), name]);
      return [top, Buffer.concat([top, Buffer.from('/'), name])].map((bytes) => bytes.toString('hex'));
    });
    expect(paths).toEqual(expected.sort());
  });

  it('tells what is there at first if it is to, and then that it is ready', async () => {
    using folder = new Folder();
    folder.make('a/b');
    folder.write('a/b/file');
    folder.write('top');
    await using watching = folder.watch({ recursive: true, initial: true, window: 1 });
    const told = await watching.first(5);
    expect(told.slice(0, 4).sort()).toEqual(['create a/', 'create a/b/', 'create a/b/file', 'create top']);
    expect(told[4]).toBe('ready ./');
    folder.write('a/b/later');
    expect(await watching.told()).toEqual(['create a/b/later', 'change a/b/later']);
  });

  it.each([
    ['a pattern', /(^|\/)ignored(\/|$)/g],
    ['a function', (name: string, directory: boolean) => directory && name.endsWith('/ignored')],
  ])('leaves out what %s says, with all below it', async (_, ignore) => {
    using folder = new Folder();
    folder.make('ignored/before');
    await using watching = folder.watch({ recursive: true, ignore });
    folder.write('ignored/before/file');
    folder.make('sub/ignored/deep');
    folder.write('sub/ignored/deep/file');
    folder.make('plain');
    folder.rename('plain', 'ignored/plain');
    folder.rename('sub/ignored', 'seen');
    expect((await watching.told()).sort()).toEqual(
      [
        'create sub/',
        'create plain/',
        'remove plain/',
        'create seen/',
        'create seen/deep/',
        'create seen/deep/file',
      ].sort(),
    );
  });

  it('uses the queue that it is given, one kevent for the whole tree', async () => {
    using folder = new Folder();
    folder.make('a/b/c/d');
    await using queue = new Queue();
    const before = queue.stats().kevents;
    await using watching = folder.watch({ recursive: true, queue });
    expect(queue.stats().kevents).toBe(before + 1);
    folder.write('a/b/c/d/file');
    expect(await watching.told()).toEqual(['create a/b/c/d/file', 'change a/b/c/d/file']);
    expect(fstatSync(queue.fd).isFile()).toBe(false);
  });

  it('is told to two streams on one directory, each with its own mask', async () => {
    using folder = new Folder();
    await using queue = new Queue();
    const made = watch(folder.root, { queue, mask: KEVENT_INODE_CREATE }).take(2).toArray();
    const removed = watch(folder.root, { queue, mask: KEVENT_INODE_REMOVE }).take(1).toArray();
    folder.write('a');
    folder.remove('a');
    folder.write('b');
    expect((await made).map(({ type }) => type)).toEqual(['create', 'create']);
    expect((await removed).map(({ type }) => type)).toEqual(['remove']);
  });
});
