// What happened in a scenario, step by step.

/**
 * @typedef {object} Step
 * @property {bigint} at nanoseconds of the monotonic clock
 * @property {string} action what the program did
 * @property {string} origin what was in the origin after that; empty: nothing
 * @property {Record<string, string>} seen what it brought, by lane: an event and what it said, or NOTHING
 * @property {string[]} held lanes that hold a slot after that
 */

/** It was asked for, and there was nothing. */
export const NOTHING = 'nothing';

/** Of a scenario. */
export class Recording {
  /** @type {Step[]} */
  steps = [];
  origin = '';
  /** @type {Set<string>} */
  #held = new Set();

  /**
   * @param {string} title what the diagram shows
   * @param {string} originName
   * @param {string[]} lanes kevents, or consumers of one
   */
  constructor(title, originName, lanes) {
    this.title = title;
    this.originName = originName;
    this.lanes = lanes;
  }

  /** @param {string} lane */
  hold(lane) {
    this.#held.add(lane);
  }

  /** @param {string} lane */
  release(lane) {
    this.#held.delete(lane);
  }

  /**
   * @param {string} action
   * @param {Record<string, string>} seen
   */
  step(action, seen = {}) {
    const at = process.hrtime.bigint();
    this.steps.push({ at, action, origin: this.origin, seen, held: [...this.#held] });
  }
}
