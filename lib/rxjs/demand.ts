/**
 * Whether whoever reads takes another value now. What stands at the beginning of a pipe asks it before each
 * value, and is told when that changes.
 */
export class Demand {
  /** That of the one who reads what this one's reader makes of the values: both must be open. */
  readonly #next: Demand | undefined;
  readonly #observers = new Set<() => void>();
  #open = true;

  constructor(next: Demand | undefined) {
    this.#next = next;
  }

  get open(): boolean {
    return this.#open && (this.#next === undefined || this.#next.open);
  }

  /** No value is wanted until {@link resume}. */
  hold(): void {
    this.#set(false);
  }

  resume(): void {
    this.#set(true);
  }

  /** Calls back whenever {@link open} may have changed. @returns what takes that back */
  onChange(callback: () => void): () => void {
    this.#observers.add(callback);
    const takeBack = this.#next?.onChange(callback);
    return () => {
      this.#observers.delete(callback);
      takeBack?.();
    };
  }

  #set(open: boolean): void {
    if (open === this.#open) return;
    this.#open = open;
    for (const callback of [...this.#observers]) callback();
  }
}

/** That of the operator which is subscribing to its source just now. */
let current: Demand | undefined;

/**
 * Subscribes with a demand. Operators subscribe to what is before them at once, in the same call, so those at the
 * beginning of the pipe find it whatever lies between: RxJS itself has nothing to hand it through.
 */
export function withDemand(demand: Demand | undefined, subscribe: () => unknown): void {
  const outer = current;
  current = demand;
  try {
    subscribe();
  } finally {
    current = outer;
  }
}

export function currentDemand(): Demand | undefined {
  return current;
}
