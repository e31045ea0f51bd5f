// A bar chart as SVG: readable on light and dark pages.
import { digits } from './result.js';

const WIDTH = 900;
const LEFT = 500;
const RIGHT = 80;
const LINE = 24;

/**
 * Horizontal bars of the figures that have this unit.
 *
 * @param {import('./result.js').Result} result
 * @param {string} unit
 */
export function chart(result, unit) {
  const figures = result.figures.filter((figure) => figure.unit === unit);
  const top = Math.max(...figures.map((figure) => figure.value));
  const height = LINE * (figures.length + 2);
  const bars = figures.map((figure, index) => {
    const y = LINE * (index + 2) - 6;
    const width = Math.max(1, ((WIDTH - LEFT - RIGHT) * figure.value) / top);
    const ours = figure.label.includes('kevent') ? 'ours' : 'peer';
    return [
      `<text x="${LEFT - 8}" y="${y}" text-anchor="end">${escaped(figure.label)}</text>`,
      `<rect class="${ours}" x="${LEFT}" y="${y - 13}" width="${width.toFixed(1)}" height="17"/>`,
      `<text x="${(LEFT + width + 6).toFixed(1)}" y="${y}">${digits(figure.value)}</text>`,
    ].join('\n');
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img">
<title>${escaped(`${result.title}: ${unit}`)}</title>
<style>
text { font: 13px system-ui, sans-serif; fill: #57606a; }
.ours { fill: #2f81f7; }
.peer { fill: #9aa4af; }
@media (prefers-color-scheme: dark) { text { fill: #adbac7; } }
</style>
<text x="${LEFT}" y="16">${escaped(unit)}</text>
${bars.join('\n')}
</svg>
`;
}

function escaped(/** @type {string} */ text) {
  return text.replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
}
