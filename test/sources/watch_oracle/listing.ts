import { type BigIntStats, type Dirent, lstatSync, readdirSync } from 'node:fs';

/** What an entry is, and which contents it has: another text if those were written since. */
export interface Entry {
  readonly directory: boolean;
  readonly inode: number;
  readonly version: string;
}

function look(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true });
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    // The latter two: what was a directory above it has become a file, or a link to itself.
    if (['ENOENT', 'ENOTDIR', 'ELOOP'].includes(code)) return undefined;
    throw error;
  }
}

/** The entry as it is now; undefined if there is none. */
export function entryAt(path: string): Entry | undefined {
  const found = look(path);
  if (found === undefined) return undefined;
  const directory = found.isDirectory();
  const version = directory ? '' : `${found.ino} ${found.size} ${found.mtimeNs}`;
  return { directory, inode: Number(found.ino), version };
}

/** All that is below a directory: nothing changes it meanwhile. */
export function listing(root: string): Map<string, Entry> {
  const entries = new Map<string, Entry>();
  const read = (path: string): void => {
    for (const { name } of readdirSync(path, { withFileTypes: true }) as Dirent[]) {
      const below = `${path}/${name}`;
      const entry = entryAt(below);
      if (entry === undefined) throw new Error(`${below} is there and is not`);
      entries.set(below, entry);
      if (entry.directory) read(below);
    }
  };
  read(root);
  return entries;
}
