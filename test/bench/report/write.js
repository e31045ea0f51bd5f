// The results as documents: docs/benchmarks.md, docs/benchmarks.json and a chart of each row.
import { mkdir, writeFile } from 'node:fs/promises';

import { chart } from './chart.js';
import { budget, digits, kept } from './result.js';

const DOCS = new URL('../../../docs/', import.meta.url);

/**
 * Writes all of them.
 *
 * @param {import('./result.js').Result[]} results
 * @param {ReturnType<typeof import('../measure/machine.js').machine>} on
 */
export async function write(results, on) {
  await mkdir(new URL('benchmarks/', DOCS), { recursive: true });
  const sections = [];
  for (const result of results) {
    const images = [];
    for (const [index, unit] of charted(result).entries()) {
      const file = `benchmarks/${result.name}${index === 0 ? '' : `-${index + 1}`}.svg`;
      await writeFile(new URL(file, DOCS), chart(result, unit));
      images.push(`![${result.title}: ${unit}](${file})`);
    }
    sections.push(section(result, images));
  }
  const page = `${introduction(on)}\n${sections.join('\n')}`;
  await writeFile(new URL('benchmarks.md', DOCS), page);
  await writeFile(
    new URL('benchmarks.json', DOCS),
    `${JSON.stringify({ machine: on, results }, rounded, 2)}\n`,
  );
}

/** More digits than these say nothing, and differ from run to run. */
function rounded(/** @type {string} */ _, /** @type {unknown} */ value) {
  return typeof value === 'number' ? Number(value.toPrecision(4)) : value;
}

function charted(/** @type {import('./result.js').Result} */ result) {
  return result.charts ?? result.figures.slice(0, 1).map((figure) => figure.unit);
}

function introduction(/** @type {ReturnType<typeof import('../measure/machine.js').machine>} */ on) {
  return `# Benchmarks

Written by \`npm run bench\`. The peers of a row run side by side, in turns, in processes of their own;
each figure is the median over the turns and each ratio the median of the turns' ratios. CPU time is
user and system time of the receiving process with all its threads.

${on.cpu}, ${on.cores} cores, ${on.memory} · ${on.kernel} · Node.js ${on.node} · kevent ${on.kevent}
`;
}

function section(/** @type {import('./result.js').Result} */ result, /** @type {string[]} */ images) {
  const figures = result.figures.map(
    (figure) => `| ${figure.label} | ${digits(figure.value)} | ${figure.unit} | ${figure.detail ?? ''} |`,
  );
  const checks = result.checks.map(
    (check) =>
      `| ${check.label} | ${digits(check.value)} ${check.unit} | ${budget(check)} | ${kept(check) ? 'kept' : '**missed**'} |`,
  );
  const parts = [
    `## ${result.title}`,
    `\`npm run bench -- ${result.name}\``,
    result.measured.join(' '),
    ...images,
    ['| | | unit | |', '|---|---:|---|---|', ...figures].join('\n'),
    ...(checks.length > 0
      ? [['| budget of | measured | | |', '|---|---:|---|---|', ...checks].join('\n')]
      : []),
    ...result.skipped.map((reason) => `Skipped: ${reason}.`),
  ];
  return `${parts.join('\n\n')}\n`;
}
