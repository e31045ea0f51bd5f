// Garbage collections, as far as JavaScript can know of them: something that nobody has is gone after a full one.
const registry = new FinalizationRegistry<() => void>((callback) => {
  afterCollections(callback);
  callback();
});

/**
 * Calls back after each full garbage collection of this thread, soon, in a turn of its own. Memory that is given up
 * between two of them is not free before the second, so there is no reason to look for it more often.
 */
export function afterCollections(callback: () => void): void {
  registry.register({}, callback);
}
