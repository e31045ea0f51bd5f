import { random } from '../measure/random.js';

/**
 * What each timer waits for: whole milliseconds, as setTimeout has no finer ones, and long enough
 * for all to be there before the first fires.
 */
export function durations(/** @type {number} */ count) {
  const next = random(1);
  return Uint32Array.from({ length: count }, () => 1200 + Math.floor(next() * 800));
}
