// What is done again and again, and costs so little each time that the compiler must be through with it before.

/** What is done once a round is rare to the compiler, and comes late to its turn: so many rounds, but of few events. */
const WARM_ROUNDS = 4096;
const WARM_EVENTS = 512;

/**
 * @typedef {object} Cost - CPU time in µs
 * @property {number} produce
 * @property {number} consume
 */

/**
 * What so many rounds cost. Others come first, for the compiler.
 *
 * @param {number} rounds
 * @param {number} events - of a round
 * @param {(events: number) => Promise<Cost>} round
 * @returns {Promise<Cost>}
 */
export async function costOf(rounds, events, round) {
  await added(WARM_ROUNDS, WARM_EVENTS, round);
  await added(rounds, events, round);
  return added(rounds, events, round);
}

async function added(
  /** @type {number} */ rounds,
  /** @type {number} */ events,
  /** @type {(events: number) => Promise<Cost>} */ round,
) {
  const cost = { produce: 0, consume: 0 };
  for (let i = 0; i < rounds; i += 1) {
    const { produce, consume } = await round(events);
    cost.produce += produce;
    cost.consume += consume;
  }
  return cost;
}
