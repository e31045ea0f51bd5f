import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** How many watches the inotify instances of this process have. */
export function inotifyWatches(): number {
  let watches = 0;
  for (const fd of readdirSync('/proc/self/fd')) {
    try {
      if (!readlinkSync(`/proc/self/fd/${fd}`).includes('inotify')) continue;
      watches += readFileSync(`/proc/self/fdinfo/${fd}`, 'latin1').split('inotify wd:').length - 1;
    } catch {
      // The fd of the directory that is being read.
    }
  }
  return watches;
}
