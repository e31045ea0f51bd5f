/**
 * What one row of the benchmarks found out.
 *
 * @typedef {object} Figure
 * @property {string} label - who, doing what
 * @property {number} value - median over the repetitions
 * @property {string} unit
 * @property {string} [detail] - what belongs beside it
 *
 * @typedef {object} Check
 * @property {string} label
 * @property {number} value
 * @property {string} unit
 * @property {number} [most] - the budget
 * @property {number} [least] - or this
 *
 * @typedef {object} Result
 * @property {string} name - as in `npm run bench -- NAME`
 * @property {string} title
 * @property {string[]} measured - what exactly, a sentence each
 * @property {Figure[]} figures
 * @property {Check[]} checks
 * @property {string[]} skipped - what could not be measured here, and why
 * @property {string[]} [charts] - the units to draw a chart of; default: that of the first figure
 */

/** Whether a budget is kept. */
export function kept(/** @type {Check} */ { value, most = Infinity, least = -Infinity }) {
  return value >= least && value <= most;
}

/** The budget in words. */
export function budget(/** @type {Check} */ { most, least }) {
  return most === undefined ? `at least ${digits(least ?? 0)}` : `at most ${digits(most)}`;
}

/** Three digits that count, and no more. */
export function digits(/** @type {number} */ value) {
  if (value === 0) return '0';
  const places = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return Number(value.toFixed(places)).toLocaleString('en-US', { maximumFractionDigits: places });
}
