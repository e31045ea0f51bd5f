// A recording as lanes over time. Times are normalised to the order of the steps: a step takes microseconds, and never
// twice as many, so that only their order says something.
import { NOTHING } from './recording.js';

const LEFT = 118;
const COLUMN = 72;
const TOP = 56;
const LANE = 46;
const LEGEND = 34;

const STYLE = `
text { font: 12px system-ui, sans-serif; fill: #57606a; }
.title { font-weight: 600; font-size: 14px; }
.small { font-size: 11px; }
.axis { stroke: #9aa4af; stroke-width: 1; stroke-dasharray: 2 4; }
.origin { fill: #9aa4af; opacity: 0.45; }
.slot { fill: #2f81f7; opacity: 0.35; }
.event { fill: #2f81f7; }
.nothing { fill: none; stroke: #9aa4af; stroke-width: 1.5; }
@media (prefers-color-scheme: dark) {
  text { fill: #adbac7; }
  .axis, .nothing { stroke: #768390; }
}
`;

/** @param {string} text */
function escaped(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}

/**
 * Runs of columns for which something holds: from its first one to the one that ends it.
 *
 * @template T
 * @param {T[]} values one for each column
 * @returns {{ value: T, from: number, to: number }[]}
 */
function runs(values) {
  /** @type {{ value: T, from: number, to: number }[]} */
  const found = [];
  values.forEach((value, column) => {
    const last = found.at(-1);
    if (last?.value === value && last.to === column) last.to = column + 1;
    else found.push({ value, from: column, to: column + 1 });
  });
  return found;
}

/** @param {number} column */
function x(column) {
  return LEFT + COLUMN * (column + 0.5);
}

/**
 * @param {string} className
 * @param {number} from
 * @param {number} to columns
 * @param {number} y
 * @param {number} width where the last column ends
 */
function bar(className, from, to, y, width) {
  const end = Math.min(x(to), width - 12);
  return `<rect class="${className}" x="${x(from)}" y="${y - 8}" width="${end - x(from)}" height="16" rx="3"/>`;
}

/** @param {import('./recording.js').Step} step */
function inWords({ action, origin, seen }) {
  const results = Object.entries(seen).map(([lane, result]) => `${lane} ${result}`);
  return `${action}${origin === '' ? '' : ` [${origin}]`}${results.length > 0 ? `: ${results.join(', ')}` : ''}`;
}

/**
 * @param {import('./recording.js').Recording} recording
 * @returns {string}
 */
export function svg({ title, originName, lanes, steps }) {
  const ordered = [...steps].sort((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0));
  const rows = originName === '' ? lanes : [originName, ...lanes];
  const width = LEFT + COLUMN * ordered.length + 12;
  const height = TOP + LANE * rows.length + LEGEND;
  const parts = [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">`,
    `<title>${escaped(title)}</title>`,
    `<desc>${escaped(ordered.map(inWords).join('; '))}</desc>`,
    `<style>${STYLE}</style>`,
    `<text class="title" x="12" y="20">${escaped(title)}</text>`,
  ];
  ordered.forEach(({ action }, column) => {
    parts.push(`<text x="${x(column)}" y="46" text-anchor="middle">${escaped(action)}</text>`);
  });
  rows.forEach((row, index) => {
    const y = TOP + LANE * index + 26;
    parts.push(`<text x="${LEFT - 14}" y="${y + 4}" text-anchor="end">${escaped(row)}</text>`);
    parts.push(`<line class="axis" x1="${LEFT}" y1="${y}" x2="${width - 12}" y2="${y}"/>`);
    if (originName !== '' && index === 0) {
      for (const { value, from, to } of runs(ordered.map(({ origin }) => origin))) {
        if (value === '') continue;
        parts.push(bar('origin', from, to, y, width));
        parts.push(`<text class="small" x="${x(from) + 8}" y="${y + 4}">${escaped(value)}</text>`);
      }
      return;
    }
    for (const { value, from, to } of runs(ordered.map(({ held }) => held.includes(row)))) {
      if (value) parts.push(bar('slot', from, to, y, width));
    }
    ordered.forEach(({ seen }, column) => {
      const result = seen[row];
      if (result === undefined) return;
      const className = result === NOTHING ? 'nothing' : 'event';
      parts.push(`<circle class="${className}" cx="${x(column)}" cy="${y}" r="7"/>`);
      const label = result.replace(/^event(, )?/, '');
      if (result !== NOTHING && label !== '') {
        parts.push(
          `<text class="small" x="${x(column)}" y="${y - 12}" text-anchor="middle">${escaped(label)}</text>`,
        );
      }
    });
  });
  const y = height - 14;
  parts.push(
    `<circle class="event" cx="${LEFT + 8}" cy="${y - 4}" r="6"/><text class="small" x="${LEFT + 20}" y="${y}">an event</text>`,
    `<circle class="nothing" cx="${LEFT + 98}" cy="${y - 4}" r="6"/><text class="small" x="${LEFT + 110}" y="${y}">asked, and there was none</text>`,
    `<rect class="slot" x="${LEFT + 270}" y="${y - 10}" width="36" height="12" rx="3"/><text class="small" x="${LEFT + 312}" y="${y}">a slot in use, until its commit</text>`,
    '</svg>',
  );
  return `${parts.join('\n')}\n`;
}
