import { invalidArgType, outOfRange } from '../abi/errors.js';

/** Options of {@link drain}. */
export interface DrainOptions {
  /** How much work may run side by side; 1 if left out. */
  readonly concurrency?: number | undefined;
  /**
   * Whether results come in the order of the values they belong to, also if later work is done first; true if left
   * out. Results that have to wait for earlier ones hold their work's place.
   */
  readonly ordered?: boolean | undefined;
}

/** The options, complete. */
export interface Drain {
  readonly concurrency: number;
  readonly ordered: boolean;
}

/** @throws ERR_INVALID_ARG_TYPE, ERR_OUT_OF_RANGE */
export function checkDrain(work: unknown, name: string, options: DrainOptions): Drain {
  if (typeof work !== 'function') throw invalidArgType(name, 'a function', work);
  if (typeof options !== 'object' || options === null) throw invalidArgType('options', 'an object', options);
  const { concurrency = 1, ordered = true } = options;
  if (typeof concurrency !== 'number') throw invalidArgType('options.concurrency', 'a number', concurrency);
  if (!(concurrency >= 1) || (concurrency !== Number.POSITIVE_INFINITY && !Number.isInteger(concurrency))) {
    throw outOfRange('options.concurrency', 'an integer >= 1, or Infinity', concurrency);
  }
  return { concurrency, ordered };
}
