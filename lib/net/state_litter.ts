import type { StreamState } from './stream_content.js';

/** Where a state that was put away leads to. */
const litterOf = Symbol('kevent.litter');
/** States that are put away together. A reference for each that does not keep it alive would cost a third of its memory. */
const MOST = 128;

/**
 * States that were put away together, those of one stream behind each other. Whoever has kept one of them keeps them all:
 * so a single weak reference tells whether all are gone.
 */
export class StateLitter {
  readonly states: StreamState[] = [];
  readonly ref = new WeakRef(this);

  get isFull(): boolean {
    return this.states.length >= MOST;
  }

  /** @returns where to find them */
  add(readable: StreamState, writable: StreamState): number {
    readable[litterOf] = writable[litterOf] = this;
    return this.states.push(readable, writable) - 2;
  }

  /** One is needed again. */
  take(place: number): StreamState | undefined {
    const state = this.states[place];
    // V8 goes back to the shape of before for what was added last: states of many shapes would make what Node does with all
    // of them slow.
    if (state !== undefined) delete state[litterOf];
    return state;
  }
}

/** What is put away in one go. */
export class Rest {
  #litter: StateLitter | undefined;
  /** Whether nobody has to share a litter: somebody keeps states, and nobody knows whose. */
  readonly #alone: boolean;
  /** Whether somebody has kept states that were put away before. */
  kept = false;

  constructor(alone: boolean) {
    this.#alone = alone;
  }

  get litter(): StateLitter {
    if (this.#litter === undefined || this.#alone || this.#litter.isFull) this.#litter = new StateLitter();
    return this.#litter;
  }
}
