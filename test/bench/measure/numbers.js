/** The middle value; of an even number, the lower of the two middle ones. */
export function median(/** @type {number[]} */ values) {
  return percentile(values, 50);
}

/**
 * The smallest value that `percent` percent of the values do not exceed.
 *
 * @param {number[]} values
 * @param {number} percent
 */
export function percentile(values, percent) {
  const ascending = Float64Array.from(values).sort();
  return ascending[Math.max(0, Math.ceil((ascending.length * percent) / 100) - 1)];
}

/**
 * How many times what `of` is, as the median over repetitions that ran side by side.
 *
 * @param {number[]} of
 * @param {number[]} to
 */
export function ratio(of, to) {
  return median(of.map((value, repetition) => value / to[repetition]));
}
