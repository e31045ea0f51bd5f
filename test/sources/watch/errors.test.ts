import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

import { watch } from '../../../lib/index.js';
import { runProgram } from '../../queue/run_program.js';
import { Folder } from './folder.js';

describe('watch', () => {
  it.each([
    ['ENOENT', 'missing'],
    ['ENOENT', 'missing/file'],
    ['ENOTDIR', 'file/'],
    ['ENOTDIR', 'file/below'],
    ['ENAMETOOLONG', 'n'.repeat(256)],
  ])('rejects the first next() with %s for %s, and leaves nothing behind', async (code, name) => {
    using folder = new Folder();
    folder.write('file');
    const stream = watch(`${folder.root}/${name}`, { recursive: true });
    await expect(stream.once()).rejects.toMatchObject({ code, path: expect.stringContaining(folder.root) });
    if (code !== 'ENOENT' || name.includes('/')) return;
    mkdirSync(folder.at(name));
    const next = stream.once();
    writeFileSync(folder.at(name, 'file'), '');
    expect(await next).toMatchObject({ type: 'create' });
  });

  it.each([
    ['path', 5, 'ERR_INVALID_ARG_TYPE'],
    ['path', '', 'ERR_INVALID_ARG_VALUE'],
    ['path', 'a\0b', 'ERR_INVALID_ARG_VALUE'],
    ['path', new URL('http://localhost/'), 'ERR_INVALID_URL_SCHEME'],
  ])('refuses a %s that is none: %s', (_, value, code) => {
    expect(() => watch(value as string)).toThrow(expect.objectContaining({ code }));
  });

  it.each([
    ['mask', 0, 'ERR_INVALID_ARG_VALUE'],
    ['mask', 0x2000, 'ERR_INVALID_ARG_VALUE'],
    ['mask', 'all', 'ERR_INVALID_ARG_TYPE'],
    ['recursive', 1, 'ERR_INVALID_ARG_TYPE'],
    ['initial', 'yes', 'ERR_INVALID_ARG_TYPE'],
    ['ignore', '*.txt', 'ERR_INVALID_ARG_TYPE'],
    ['encoding', 'latin1', 'ERR_INVALID_ARG_VALUE'],
    ['queue', {}, 'ERR_INVALID_ARG_TYPE'],
    ['window', 0, 'ERR_OUT_OF_RANGE'],
  ])('refuses options.%s %s', (name, value, code) => {
    expect(() => watch('/', { [name]: value })).toThrow(
      expect.objectContaining({ code, message: expect.stringContaining(name) }),
    );
  });

  // Only the superuser can become somebody who may not.
  it.skipIf(process.getuid?.() !== 0)(
    'says what may not be read, and looks again when that has changed',
    async () => {
      using folder = new Folder();
      folder.make('closed/sub');
      chmodSync(folder.root, 0o755);
      chmodSync(path.dirname(folder.root), 0o755);
      const { stdout, stderr } = await runProgram(`
      import { chmodSync, writeFileSync } from 'node:fs';
      import { isSupported, watch } from 'kevent';
      const root = ${JSON.stringify(folder.root)};
      // The binary is loaded by this: it may lie where nobody else may read.
      isSupported();
      chmodSync(root + '/closed', 0);
      process.seteuid(65534);
      await watch(root + '/closed').once().catch(({ code }) => console.log(code));
      for await (const { type, path, error } of watch(root, { recursive: true })) {
        console.log(type, error?.code ?? '', path.slice(root.length));
        if (path.endsWith('file')) break;
        if (type !== 'unreadable') continue;
        process.seteuid(0);
        writeFileSync(root + '/closed/sub/file', '');
        chmodSync(root + '/closed', 0o755);
        process.seteuid(65534);
      }
    `);
      expect(stderr).toBe('');
      expect(stdout.trim().split('\n')).toEqual([
        'EACCES',
        'unreadable EACCES /closed',
        'create  /closed/sub',
        'create  /closed/sub/file',
      ]);
    },
  );

  // By the limit of a process: the other is all processes', and its end would be felt by other tests.
  it('says which limit is to be raised', async () => {
    using folder = new Folder();
    const program = `
      import { openSync } from 'node:fs';
      import { Queue, request, watch } from 'kevent';
      const queue = new Queue();
      // It has all descriptors of its own once it delivers something.
      const registration = queue.add(request.user(1), () => undefined);
      const path = ${JSON.stringify(folder.root)};
      process.stdout.write(''); // opened now
      try {
        for (;;) openSync('/dev/null');
      } catch {}
      await watch(path, { queue }).once().catch(({ code, message }) => console.log(code, message));
      registration.remove();
    `;
    const { stdout, stderr } = await runProgram(program, [], 256);
    expect(stderr).toBe('');
    expect(stdout).toContain('EMFILE');
    expect(stdout).toContain('fs.inotify.max_user_instances, or the limit of open files');
  });
});
