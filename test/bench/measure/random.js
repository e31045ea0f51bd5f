/**
 * Numbers from 0 up to (not including) 1, the same for the same seed: the peers get the same work.
 *
 * @param {number} seed - not 0
 */
export function random(seed) {
  let state = seed | 0;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) / 0x1_0000_0000;
  };
}
