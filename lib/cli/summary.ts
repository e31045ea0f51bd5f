/** How much there was, for who pressed Ctrl-C. */
export function summary(counts: ReadonlyMap<string, number>, milliseconds: number): string {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const each = [...counts].map(([source, count]) => `${source} ${count}`).join(', ');
  const events = total === 1 ? '1 event' : `${total} events`;
  return `${events} in ${(milliseconds / 1000).toFixed(1)} s: ${each}\n`;
}
