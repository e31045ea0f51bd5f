const MEANINGS: Readonly<Record<string, string>> = {
  EACCES: 'permission denied',
  EADDRINUSE: 'the address is in use',
  EADDRNOTAVAIL: 'no such address here',
  EBADF: 'it is not open',
  EMFILE: 'too many open files',
  ENOENT: 'no such file or directory',
  ENOSPC: 'no more inotify watches: see fs.inotify.max_user_watches',
  EPERM: 'it cannot be waited for: a regular file is always ready',
  ESRCH: 'no such process',
};

/** Why a source or a command failed, in one line. */
export function reason(error: unknown): string {
  const { code, message } = error as Partial<NodeJS.ErrnoException>;
  const meaning = code === undefined ? undefined : MEANINGS[code];
  return meaning ?? message ?? String(error);
}
