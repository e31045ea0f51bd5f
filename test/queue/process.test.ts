import { describe, expect, it } from 'vitest';

import { runProgram } from './run_program.js';

const IMPORT = `import { Queue, request } from 'kevent'; const queue = new Queue();`;

describe('the process', () => {
  const ends: [string, string, string][] = [
    ['ends when nothing is registered', ``, ''],
    ['ends when nobody takes the events', `queue.add(request.timer({ every: 1e6 }));`, ''],
    [
      'goes on while a kevent with a handler is registered',
      `let n = 0;
       const timer = queue.add(request.timer({ every: 1e6 }), () => {
         if (++n === 3) { console.log(n); timer.remove(); }
       });`,
      '3\n',
    ],
    [
      'goes on until a one-shot kevent is delivered',
      `queue.add(request.timer({ after: 30e6 }), () => console.log('fired'));`,
      'fired\n',
    ],
    [
      'goes on while a loop can get something',
      `queue.add(request.timer({ after: 30e6 }));
       (async () => { for await (const event of queue.events()) console.log(event.type); })();`,
      '2\n',
    ],
    [
      'ends in spite of a handler whose kevent is unrefed',
      `queue.add(request.timer({ every: 1e6 }), () => {}).unref();`,
      '',
    ],
    [
      'goes on if it is refed again',
      `queue.add(request.timer({ after: 30e6 }), () => console.log('fired')).unref().ref();`,
      'fired\n',
    ],
    [
      'ends in spite of everything if the queue is unrefed',
      `queue.unref();
       queue.add(request.timer({ every: 1e6 }), () => {});
       (async () => { for await (const batch of queue); })();`,
      '',
    ],
    [
      'ends when the queue is closed',
      `queue.add(request.timer({ every: 1e6 }), () => queue.close());
       queue.add(request.user(), () => {});`,
      '',
    ],
    [
      'ends when a loop is left and nobody else takes the events',
      `queue.add(request.timer({ every: 1e6 }));
       for await (const event of queue.events()) { console.log(event.type); break; }`,
      '2\n',
    ],
    [
      'ends after process.exit in a handler',
      `queue.add(request.timer({ every: 1e6 }), () => process.exit(0));`,
      '',
    ],
  ];
  it.concurrent.each(ends)('%s', async (_, program, stdout) => {
    expect(await runProgram(`${IMPORT}\n${program}`)).toEqual({ code: 0, signal: null, stdout, stderr: '' });
  });
});

describe('an error that a handler throws', () => {
  it('goes to uncaughtException, and the other handlers have their events all the same', async () => {
    const { code, stdout } = await runProgram(`${IMPORT}
      let calls = 0;
      process.on('uncaughtException', (error) => {
        console.log(error.message, calls);
        if (error.message === '2') queue.close();
      });
      const users = [1, 2, 3].map((id) => queue.add(request.user(id), () => {
        calls += 1;
        if (id !== 3) throw new Error(String(id));
      }));
      for (const user of users) user.ready();`);
    expect({ code, stdout }).toEqual({ code: 0, stdout: '1 3\n2 3\n' });
  });

  it('ends the process if nobody takes it', async () => {
    const { code, stderr } = await runProgram(`${IMPORT}
      queue.add(request.timer({ after: 0 }), () => { throw new Error('not taken'); });`);
    expect(code).toBe(1);
    expect(stderr).toContain('not taken');
  });
});

describe('a socket that only we read', () => {
  it('is reported with what is ready, and its half-close', async () => {
    const { stdout } = await runProgram(`${IMPORT}
      import { spawn } from 'node:child_process';
      const program = \`
        import { Queue, request } from 'kevent';
        import { readSync } from 'node:fs';
        const queue = new Queue();
        queue.add(request.socket(3, 'recv'), () => {
          const buffer = Buffer.alloc(64);
          const count = readSync(3, buffer);
          console.log(count, buffer.toString('utf8', 0, count));
          if (count === 0) queue.close();
        });\`;
      queue.close();
      const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
        stdio: ['ignore', 'inherit', 'inherit', 'pipe'],
      });
      child.stdio[3].end('hello');`);
    expect(stdout).toBe('5 hello\n0 \n');
  });
});

describe('memory', () => {
  it('of an idle kevent is at most 64 bytes of JavaScript heap, arrays included', async () => {
    const { stdout, stderr } = await runProgram(
      `${IMPORT}
      const count = 100_000;
      const heap = () => {
        gc(); gc();
        const { heapUsed, arrayBuffers } = process.memoryUsage();
        return heapUsed + arrayBuffers;
      };
      const fill = (from, to) => {
        for (let at = from; at < to; at += 1000) {
          queue.addAll(Array.from({ length: 1000 }, (_, i) => request.timer({ every: 86400e9 + at + i })));
        }
      };
      fill(0, 1000);
      const before = heap();
      fill(1000, count);
      console.log((heap() - before) / (count - 1000));
      queue.close();`,
      ['--expose-gc'],
    );
    expect(stderr).toBe('');
    expect(Number(stdout)).toBeGreaterThan(20);
    expect(Number(stdout)).toBeLessThanOrEqual(64);
  });

  it('of closed queues is given back: rings, tables and all', async () => {
    const { stdout } = await runProgram(
      `import { setImmediate as immediate } from 'node:timers/promises';
      import { Queue, request } from 'kevent';
      const cycle = async () => {
        const queue = new Queue({ ringSize: 65536 });
        queue.addAll(Array.from({ length: 1000 }, (_, id) => request.user(id, { data: { id } })), () => {})[0].ready();
        await immediate();
        queue.close();
      };
      const used = async () => {
        for (let i = 0; i < 10; i += 1) { gc(); await immediate(); }
        const { heapUsed, external, arrayBuffers } = process.memoryUsage();
        return heapUsed + external + arrayBuffers;
      };
      for (let i = 0; i < 5; i += 1) await cycle();
      const before = await used();
      const resident = process.memoryUsage.rss();
      for (let i = 0; i < 100; i += 1) await cycle();
      console.log(JSON.stringify([(await used()) - before, process.memoryUsage.rss() - resident]));`,
      ['--expose-gc'],
    );
    const [heap, resident] = JSON.parse(stdout);
    // One ring alone has 2.6 MB; a hundred queues come and go.
    expect(heap).toBeLessThan(1_000_000);
    expect(resident).toBeLessThan(60_000_000);
  });
});
