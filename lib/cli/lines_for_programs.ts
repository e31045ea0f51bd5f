import type { Occurrence } from './origins/origin.js';

function plain(_key: string, value: unknown): unknown {
  if (typeof value !== 'bigint') return value;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : `${value}`;
}

/** One JSON object a line: time and source, then what the source has to say. */
export class LinesForPrograms {
  line(source: string, { fields }: Occurrence, time: Date): string {
    return `${JSON.stringify({ time: time.toISOString(), source, ...fields }, plain)}\n`;
  }
}
