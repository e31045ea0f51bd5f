// Three ways to be told of the same thing: three bytes in a pipe, read one at a time.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { Queue, request } from 'kevent';

const folder = mkdtempSync(join(tmpdir(), 'kevent-'));
const path = join(folder, 'pipe');
execFileSync('mkfifo', [path]);

for (const [mode, options] of Object.entries({ level: {}, edge: { edge: true }, once: { once: true } })) {
  const pipe = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  const queue = new Queue();
  writeSync(pipe, 'abc');
  queue.add(request.pipe(pipe, 'recv', options));
  queue.add(request.timer({ after: 50_000_000n, data: 'over' }));

  let read = '';
  for await (const event of queue.events()) {
    if (event.data === 'over') break;
    const byte = Buffer.alloc(1);
    readSync(pipe, byte);
    read += byte;
  }
  console.log(`${mode}: ${read.length} ${read.length === 1 ? 'event' : 'events'}, read ${read}`);
  queue.close();
  closeSync(pipe);
}
rmSync(folder, { recursive: true });
