// Runs all scenarios, and writes their diagrams beside this file: npm run diagrams
import { writeFileSync } from 'node:fs';

import { scenarios } from './scenarios.js';
import { svg } from './svg.js';

for (const [name, run] of Object.entries(scenarios)) {
  writeFileSync(new URL(`${name}.svg`, import.meta.url), svg(run()));
}
