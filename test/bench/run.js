// npm run bench                 all rows, and writes docs/benchmarks.md, .json and the charts
// npm run bench -- NAME ...     these rows only, and writes nothing
//
// Ends with status 1 if a budget is missed.
import { machine } from './measure/machine.js';
import { kept } from './report/result.js';
import { table } from './report/table.js';
import { write } from './report/write.js';
import { bulk } from './rows/bulk.js';
import { consume } from './rows/consume.js';
import { echoRows } from './rows/echo.js';
import { httpRows } from './rows/http.js';
import { http2 } from './rows/http2.js';
import { idle } from './rows/idle.js';
import { idleConnections } from './rows/idle-connections.js';
import { interval } from './rows/interval.js';
import { lateness } from './rows/lateness.js';
import { memory } from './rows/memory.js';
import { observables } from './rows/observables.js';
import { register } from './rows/register.js';
import { ringEvents } from './rows/ring-events.js';
import { staticFile } from './rows/static-file.js';
import { streams } from './rows/streams.js';
import { timers } from './rows/timers.js';
import { watch } from './rows/watch.js';

const ROWS = [
  ringEvents,
  timers,
  lateness,
  idle,
  register,
  consume,
  observables,
  streams,
  interval,
  memory,
  watch,
  ...echoRows,
  bulk,
  idleConnections,
  ...httpRows,
  staticFile,
  http2,
];

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !ROWS.some((row) => row.name === name));
if (unknown.length > 0) {
  console.error(`no such row: ${unknown.join(', ')}; there are: ${ROWS.map((row) => row.name).join(', ')}`);
  process.exit(2);
}

const on = machine();
console.log(`${on.cpu}, ${on.cores} cores, ${on.kernel}, Node.js ${on.node}, kevent ${on.kevent}\n`);
const results = [];
for (const row of ROWS) {
  if (asked.length > 0 && !asked.includes(row.name)) continue;
  const result = await row.measure();
  results.push(result);
  console.log(`${table(result)}\n`);
}

const checks = results.flatMap((result) => result.checks);
console.log(`${checks.filter(kept).length} of ${checks.length} budgets kept`);
if (asked.length === 0) await write(results, on);
process.exitCode = checks.every(kept) ? 0 : 1;
