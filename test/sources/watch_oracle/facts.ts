import { KEVENT_INODE_MOVED_TO, type WatchEvent } from '../../../lib/index.js';
import type { Line } from './inotifywait.js';

/** Takes out a path, with all below it. */
function takeOut(known: Set<string>, path: string): string[] {
  const taken = [...known].filter((each) => each === path || each.startsWith(`${path}/`));
  for (const each of taken) known.delete(each);
  return taken;
}

/** What an event says, in a form that can be compared: `'create a/b'`, `'rename a/b to c'`. */
export function factOf(event: WatchEvent): string {
  const replaced = event.type === 'change' && (event.mask & KEVENT_INODE_MOVED_TO) !== 0;
  const type = replaced ? 'replace' : event.type;
  const kind = event.directory ? `${type} directory` : type;
  return event.type === 'rename' ? `${kind} ${event.from} to ${event.to}` : `${kind} ${event.path}`;
}

/**
 * The same from the records of the kernel.
 *
 * @param known - the paths that were there before: it is brought up to date
 */
export function factsOf(lines: readonly Line[], known: Set<string>): string[] {
  const facts: string[] = [];
  let arrived = -1;
  for (const [index, { path, events, cookie }] of lines.entries()) {
    if (index === arrived) continue;
    const directory = events.has('ISDIR') ? ' directory' : '';
    if (events.has('MOVED_FROM')) {
      const other = lines.findIndex(
        (line, at) => at > index && line.cookie === cookie && line.events.has('MOVED_TO'),
      );
      const to = lines[other]?.path;
      const moved = takeOut(known, path);
      if (to === undefined) {
        facts.push(`remove${directory} ${path}`);
        continue;
      }
      arrived = other;
      takeOut(known, to);
      for (const each of moved) known.add(to + each.slice(path.length));
      facts.push(`rename${directory} ${path} to ${to}`);
    } else if (events.has('CREATE') || events.has('MOVED_TO')) {
      facts.push(`${known.has(path) ? 'replace' : 'create'}${directory} ${path}`);
      known.add(path);
    } else if (events.has('DELETE')) {
      takeOut(known, path);
      facts.push(`remove${directory} ${path}`);
    } else if (events.has('ATTRIB')) {
      facts.push(`attributes${directory} ${path}`);
    } else if (events.has('MODIFY') || events.has('CLOSE_WRITE')) {
      facts.push(`change ${path}`);
    }
  }
  return facts;
}

/**
 * Without repetitions. How many of them there are depends on how fast the records were read: the kernel takes one that is
 * about the same as the last unread one for that one, and of two entries that come to the same place does not see
 * that they are two.
 */
export function collapsed(facts: readonly string[]): string[] {
  return facts.filter((fact, index) => {
    const before = facts[index - 1] ?? '';
    return fact !== before && !(fact.startsWith('replace ') && before.endsWith(fact.slice('replace'.length)));
  });
}
