import type { SystemError } from '../../abi/errors.js';

/** What every event of a watch has. */
interface Common<Path> {
  /** The root as it was given, joined with the name below it. */
  path: Path;
  /** Whether `path` is one. */
  directory: boolean;
  /** The KEVENT_INODE_* bits of what was reported; 0: found by reading the directory. */
  mask: number;
}

/** An entry is there that was not: made, linked, moved in, or found. */
export interface CreateEvent<Path = string> extends Common<Path> {
  /** What happened. */
  type: 'create';
}

/** A file's contents were written (KEVENT_INODE_MODIFY, KEVENT_INODE_CLOSE_WRITE), or another file took its place. */
export interface ChangeEvent<Path = string> extends Common<Path> {
  /** What happened. */
  type: 'change';
  /** Only files are written to. */
  directory: false;
}

/** KEVENT_INODE_ATTRIB: mode, owner, times, number of links. */
export interface AttributesEvent<Path = string> extends Common<Path> {
  /** What happened. */
  type: 'attributes';
}

/** Deleted, or moved out of what is watched. With a directory goes all that was below it, without an event of its own. */
export interface RemoveEvent<Path = string> extends Common<Path> {
  /** What happened. */
  type: 'remove';
}

/** Renamed within what is watched, a directory with all below it. What had the new name before is gone. */
export interface RenameEvent<Path = string> extends Common<Path> {
  /** What happened. */
  type: 'rename';
  /** The path that it had. */
  from: Path;
  /** The same as `path`. */
  to: Path;
}

/** KEVENT_INODE_OPEN, KEVENT_INODE_ACCESS: only if asked for. */
export interface UseEvent<Path = string> extends Common<Path> {
  /** What happened. */
  type: 'open' | 'access';
}

/** Only if KEVENT_INODE_CLOSE_NOWRITE is asked for. */
export interface CloseEvent<Path = string> extends Common<Path> {
  /** What happened. */
  type: 'close';
  /** It was open for writing. */
  written: boolean;
}

/**
 * About the watch itself: `'ready'` (with `initial`: what was there has been told), `'rescan'` (events were lost; what
 * is different now follows), `'gone'` (the root: it was deleted or moved away, with all below it), `'back'` (it is there
 * again; what is in it follows).
 */
export interface StateEvent<Path = string> extends Common<Path> {
  /** What happened. */
  type: 'ready' | 'rescan' | 'gone' | 'back';
}

/** A directory that cannot be watched or read, so that nothing is known of what is below it. */
export interface UnreadableEvent<Path = string> extends Common<Path> {
  /** What happened. */
  type: 'unreadable';
  /** Why: EACCES and others, with `code`, `errno` and `syscall`. */
  error: SystemError;
}

/** What `watch` tells; `type` says which. */
export type WatchEvent<Path = string> =
  | CreateEvent<Path>
  | ChangeEvent<Path>
  | AttributesEvent<Path>
  | RemoveEvent<Path>
  | RenameEvent<Path>
  | UseEvent<Path>
  | CloseEvent<Path>
  | StateEvent<Path>
  | UnreadableEvent<Path>;
