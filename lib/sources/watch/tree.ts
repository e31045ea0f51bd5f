/**
 * A directory, and what is known to be in it. Where it is follows from its parents, so that a rename moves all that is
 * below it.
 */
export class Directory {
  parent: Directory | undefined;
  /** As in {@link toText}; of the root: empty. */
  name: string;
  /** Its watch; -1: it is not watched. */
  wd = -1;
  /** What is in it has been told since its watch is on. It may be watched, but out of the way when it is to be read. */
  listed = false;
  /** It was still the same one when it had been read. */
  checked = false;
  /** It could not be watched or read. */
  unreadable = false;
  /** Its filesystem is being unmounted. */
  unmounted = false;
  /** Its entries: a directory, or null for what is none. */
  readonly entries = new Map<string, Directory | null>();

  constructor(parent: Directory | undefined, name: string) {
    this.parent = parent;
    this.name = name;
  }

  /** It has to be read again. */
  unlist(): void {
    this.listed = this.checked = false;
  }

  /** Where it is below the root: empty for the root itself. */
  get place(): string {
    const { parent } = this;
    if (parent === undefined) return this.name;
    return parent.parent === undefined ? this.name : `${parent.place}/${this.name}`;
  }

  /** Where its entry is below the root. */
  placeOf(name: string): string {
    return this.parent === undefined ? name : `${this.place}/${name}`;
  }

  /** Whether it is `other`, or below that. */
  isWithin(other: Directory): boolean {
    for (let at: Directory | undefined = this; at !== undefined; at = at.parent)
      if (at === other) return true;
    return false;
  }
}
