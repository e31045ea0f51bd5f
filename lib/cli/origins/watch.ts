import type { WatchEvent } from '../../sources/watch/events.js';
import { watch as watchStream } from '../../sources/watch/watch.js';
import { type Occurrence, type Occurrences, type Origin, occurrences } from './origin.js';

function show(event: WatchEvent): Occurrence {
  const { type: kind, path, directory } = event;
  const slash = directory && !path.endsWith('/') ? '/' : '';
  const fields = { kind, path, directory };
  if (event.type === 'rename') {
    const { from } = event;
    return { text: `${kind} ${from}${slash} -> ${path}${slash}`, fields: { ...fields, from } };
  }
  const text = `${kind} ${path}${slash}`;
  if (event.type !== 'unreadable') return { text, fields };
  const { code } = event.error;
  return { text: `${text} (${code})`, fields: { ...fields, code } };
}

/** `watch:./src`: changes of a file, or in a directory and all below it. */
export const watch: Origin = {
  name: 'watch',
  argument: './src',
  about: 'changes of a file, or in a directory and all below it',
  open(argument): Occurrences {
    return occurrences(watchStream(argument, { recursive: true }), show);
  },
};
