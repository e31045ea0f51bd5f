const MOST = 64;
/** Milliseconds: what is older says nothing of now. */
const SPAN = 10_000;
/** Less than that is one burst, and no rate. */
const LEAST = 250;

/** How often something happens: over the last ten seconds, or the last 64 times. */
export class Rate {
  readonly #times: number[] = [];

  /** @returns how often per second it happens; undefined as long as that cannot be said */
  add(now: number): number | undefined {
    const times = this.#times;
    times.push(now);
    while (times.length > MOST || (times[0] ?? now) < now - SPAN) times.shift();
    const span = now - (times[0] ?? now);
    return span >= LEAST ? ((times.length - 1) * 1000) / span : undefined;
  }
}

/** Six characters at most, with a prefix where it is large. */
export function formatRate(rate: number | undefined): string {
  if (rate === undefined) return '';
  if (rate < 0.95) return `${rate.toFixed(2)}/s`;
  if (rate < 99.5) return `${rate.toFixed(1)}/s`;
  if (rate < 9999.5) return `${rate.toFixed(0)}/s`;
  return `${(rate / 1000).toFixed(0)}k/s`;
}
