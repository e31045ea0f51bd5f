import { statSync } from 'node:fs';

import {
  KEVENT_INODE_ATTRIB,
  KEVENT_INODE_CREATE,
  KEVENT_INODE_MOVED_FROM,
  KEVENT_INODE_MOVED_TO,
  KEVENT_INODE_REMOVE,
} from '../../abi/constants.js';
import { invalidArgType, invalidArgValue } from '../../abi/errors.js';
import { EventStream } from '../../streams/event_stream.js';
import { checkOptions, queueOf, type SourceOptions } from '../options.js';
import type { WatchEvent } from './events.js';
import { FileTarget } from './file_target.js';
import { CONTENTS, SELF, STRUCTURE, toMask } from './masks.js';
import { toSystem } from './names.js';
import { checkPath, rootOf } from './root.js';
import { Context, type Found, type Ignore } from './target.js';
import { TreeTarget } from './tree_target.js';
import { type Wanted, WatchFeed } from './watch_feed.js';

/** Options of {@link watch}. */
export interface WatchOptions extends SourceOptions {
  /** Also the directories below, those that are made later too. Links to directories are not followed. */
  readonly recursive?: boolean | undefined;
  /**
   * Which events: KEVENT_INODE_* bits. If left out: KEVENT_INODE_CREATE, REMOVE, MOVED_FROM, MOVED_TO (names), MODIFY and
   * CLOSE_WRITE (contents). What is about the watch itself is always told.
   */
  readonly mask?: number | undefined;
  /** What is left out, with all below it: matched against, or called with, the path that an event would have. */
  readonly ignore?: RegExp | ((path: string, directory: boolean) => boolean) | undefined;
  /** Tell what is there at first as `'create'` events, and then `'ready'`. */
  readonly initial?: boolean | undefined;
  /** `'buffer'`: paths as Buffers, for names that are not UTF-8. */
  readonly encoding?: 'utf8' | 'buffer' | undefined;
}

function toIgnore(ignore: WatchOptions['ignore']): Ignore | undefined {
  if (ignore === undefined || typeof ignore === 'function') return ignore;
  if (!(ignore instanceof RegExp)) throw invalidArgType('options.ignore', 'a RegExp or a function', ignore);
  return (path) => {
    // One with the flag g or y goes on where it was.
    ignore.lastIndex = 0;
    return ignore.test(path);
  };
}

function checkFlag(name: string, value: unknown): void {
  if (value !== undefined && typeof value !== 'boolean') throw invalidArgType(name, 'of type boolean', value);
}

/** What is found by reading is told to those who asked for what was missed. */
function wantedBy(mask: number): Wanted {
  const bits: Readonly<Record<string, number>> = {
    create: KEVENT_INODE_CREATE | KEVENT_INODE_MOVED_TO,
    remove: KEVENT_INODE_REMOVE | KEVENT_INODE_MOVED_FROM,
    change: CONTENTS,
  };
  return ({ type }) => (mask & (bits[type] ?? mask)) !== 0;
}

/**
 * What happens to a file, or in a directory and, with `recursive`, in all below it. The kernel tells (inotify): nothing is
 * polled. What happens after the stream was first asked for a value is told, in order; applying the events to the
 * names that were there gives the names that are there. If events were lost, because the reader was too slow for the
 * kernel's queue, there is a `'rescan'` event, followed by what is different.
 *
 * A tree that takes longer than 50 ms to read is read in slices of 10 ms; what changes in a part that has not been read
 * is not told. Use `initial` to know when all is watched.
 *
 * @param path - a file or a directory; a link is followed
 * @param options - `recursive`, `mask`, `ignore`, `initial`, `encoding`, and what every stream takes
 * @throws ERR_INVALID_ARG_TYPE, ERR_INVALID_ARG_VALUE; the loop: ENOENT, ENOTDIR, EACCES, ENOSPC
 * (fs.inotify.max_user_watches, one for each directory), EMFILE (fs.inotify.max_user_instances, one for each queue)
 * @example
 * for await (const { type, path } of watch('src', { recursive: true })) console.log(type, path);
 * for await (const event of watch('config.json')) if (event.type === 'change') reload();
 */
export function watch(
  path: string | Uint8Array | URL,
  options?: WatchOptions & { readonly encoding?: 'utf8' | undefined },
): EventStream<WatchEvent>;
/** As the other one, with paths as Buffers: for names that are not UTF-8. */
export function watch(
  path: string | Uint8Array | URL,
  options: WatchOptions & { readonly encoding: 'buffer' },
): EventStream<WatchEvent<Buffer>>;
/** As these, if only the caller knows which. */
export function watch(
  path: string | Uint8Array | URL,
  options?: WatchOptions,
): EventStream<WatchEvent<string | Buffer>>;
export function watch(
  path: string | Uint8Array | URL,
  options: WatchOptions = {},
): EventStream<WatchEvent<string | Buffer>> {
  checkOptions(options);
  const { recursive = false, initial = false, encoding = 'utf8' } = options;
  checkFlag('options.recursive', recursive);
  checkFlag('options.initial', initial);
  if (encoding !== 'utf8' && encoding !== 'buffer') {
    throw invalidArgValue('options.encoding', "must be 'utf8' or 'buffer'", encoding);
  }
  const bytes = checkPath(path);
  const mask = toMask(options.mask);
  const ignore = toIgnore(options.ignore);
  const wanted = wantedBy(mask);
  return new EventStream<Found>(
    {
      level: false,
      open(sink) {
        const { given, absolute: root } = rootOf(bytes);
        const isDirectory = statSync(toSystem(root === '' ? '/' : root)).isDirectory();
        // A slash at the end says that it is one.
        if (!isDirectory && bytes.endsWith('/')) statSync(toSystem(bytes));
        const buffers = encoding === 'buffer';
        const all = mask | STRUCTURE | SELF | KEVENT_INODE_ATTRIB;
        const feed = new WatchFeed(queueOf(options), all, sink, wanted, (group, records) => {
          const context = new Context(group, records, { mask, recursive, root, given, ignore, buffers });
          const target = isDirectory ? new TreeTarget(context, initial) : new FileTarget(context, initial);
          return { context, target };
        });
        feed.start(initial);
        return feed;
      },
    },
    options,
  );
}
