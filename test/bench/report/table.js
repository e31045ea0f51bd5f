// The results as text, for the terminal.
import { budget, digits, kept } from './result.js';

/** One row's figures and budgets, readable for a person. */
export function table(/** @type {import('./result.js').Result} */ result) {
  const lines = result.figures.map((figure) => [
    figure.label,
    `${digits(figure.value)} ${figure.unit}`,
    figure.detail ?? '',
  ]);
  const checks = result.checks.map((check) => [
    check.label,
    `${digits(check.value)} ${check.unit}`,
    `${budget(check)}: ${kept(check) ? 'pass' : 'MISS'}`,
  ]);
  const text = columns([...lines, ...checks]);
  const skipped = result.skipped.map((reason) => `skipped: ${reason}`);
  const body = [...text.slice(0, lines.length), '', ...text.slice(lines.length), ...skipped];
  return [`${result.name}: ${result.title}`, ...result.measured, '', ...body]
    .map((line, index) => (index === 0 || line === '' ? line : `  ${line}`))
    .join('\n');
}

function columns(/** @type {string[][]} */ rows) {
  const widths = [0, 1].map((column) => Math.max(0, ...rows.map((row) => row[column].length)));
  return rows.map(([label, value, rest]) =>
    `${label.padEnd(widths[0])}  ${value.padStart(widths[1])}  ${rest}`.trimEnd(),
  );
}
