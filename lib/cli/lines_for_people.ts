import type { Occurrence } from './origins/origin.js';
import { formatRate, Rate } from './rate.js';

const COLOURS = [36, 33, 35, 32, 34, 31];
const DIM = 2;

/** File names and lines may have anything in them: it is not to steer the terminal. */
function harmless(text: string): string {
  return text.replace(/\p{Cc}/gu, (character) => {
    if (character === '\t') return ' ';
    return `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`;
  });
}

function clockTime(time: Date): string {
  const two = (value: number): string => `${value}`.padStart(2, '0');
  const milliseconds = `${time.getMilliseconds()}`.padStart(3, '0');
  return `${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${milliseconds}`;
}

/** Time, source, rate and what happened, in columns. */
export class LinesForPeople {
  readonly #width: number;
  readonly #colours = new Map<string, number>();
  readonly #rates = new Map<string, Rate>();
  readonly #coloured: boolean;

  constructor(sources: readonly string[], coloured: boolean) {
    this.#width = Math.max(...sources.map((source) => source.length));
    this.#coloured = coloured;
    for (const source of sources) {
      this.#colours.set(source, COLOURS[this.#colours.size % COLOURS.length] ?? DIM);
      this.#rates.set(source, new Rate());
    }
  }

  line(source: string, { text }: Occurrence, time: Date): string {
    const rate = formatRate(this.#rates.get(source)?.add(performance.now()));
    const columns = [
      this.#paint(DIM, clockTime(time)),
      this.#paint(this.#colours.get(source) ?? DIM, source.padEnd(this.#width)),
      this.#paint(DIM, rate.padStart(7)),
      harmless(text),
    ];
    return `${columns.join('  ')}\n`;
  }

  #paint(colour: number, text: string): string {
    return this.#coloured ? `\x1b[${colour}m${text}\x1b[0m` : text;
  }
}
