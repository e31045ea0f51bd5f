import type { WatchEvent } from './events.js';
import type { Group } from './group.js';
import { toBuffer, toText } from './names.js';
import type { Records } from './records.js';

export type Ignore = (path: string, directory: boolean) => boolean;

/** The events that have been found and not yet been handed over: at most a few, from one record. */
export type Found = WatchEvent<string | Buffer>;

/** What all parts of one open watch share. */
export class Context {
  readonly group: Group;
  readonly records: Records;
  /** What was asked for. */
  readonly mask: number;
  readonly recursive: boolean;
  /** Where the root is: absolute, without a slash at its end, so that / is empty. */
  readonly root: string;
  readonly #given: string;
  readonly #ignore: Ignore | undefined;
  readonly #buffers: boolean;
  readonly found: Found[] = [];

  constructor(
    group: Group,
    records: Records,
    options: {
      readonly mask: number;
      readonly recursive: boolean;
      readonly root: string;
      readonly given: string;
      readonly ignore: Ignore | undefined;
      readonly buffers: boolean;
    },
  ) {
    this.group = group;
    this.records = records;
    this.mask = options.mask;
    this.recursive = options.recursive;
    this.root = options.root;
    this.#given = options.given;
    this.#ignore = options.ignore;
    this.#buffers = options.buffers;
  }

  /** Where the system finds a place below the root; empty: the root. */
  absolute(place: string): string {
    if (place !== '') return `${this.root}/${place}`;
    return this.root === '' ? '/' : this.root;
  }

  /** A place below the root as events have it. */
  shown(place: string): string | Buffer {
    const path = this.#joined(place);
    return this.#buffers ? toBuffer(path) : toText(path);
  }

  ignores(place: string, directory: boolean): boolean {
    return this.#ignore?.(toText(this.#joined(place)), directory) === true;
  }

  #joined(place: string): string {
    const given = this.#given;
    if (place === '') return given;
    return given.endsWith('/') ? given + place : `${given}/${place}`;
  }
}

/** What a watch is about: a file, or a directory with what is in it. */
export interface Target {
  /** Starts to watch. @throws the errors of the root */
  open(): void;
  /**
   * Deals with the current record.
   *
   * @param alone - it is the first half of a rename, and the other half will not come
   * @returns false if it is, and the other half may still come
   */
  record(alone: boolean): boolean;
  /** The current record is the first half of a rename: returns when the kernel has queued the second one, if any. */
  finishRename(): void;
  /** Whether {@link work} has something to do. */
  readonly busy: boolean;
  /**
   * Goes on with what is to be read. Events as they are found; undefined: a good place to pause. Between two of these
   * nothing else happens to the target.
   */
  work(): Generator<Found | undefined, void>;
  /** All records have been dealt with. @param all - and there are none on their way */
  settle(all: boolean): void;
  /** Whether {@link settle} matters. */
  readonly unsettled: boolean;
}
