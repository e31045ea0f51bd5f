import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as later } from 'node:timers/promises';
import { expect, it } from 'vitest';

import { fetched, serve } from './server.js';

it.each([
  ['at once', async () => {}],
  ['later', () => later(1)],
])('the end of a response that is ended %s is told in the context in which it was', async (_when, wait) => {
  const context = new AsyncLocalStorage<string>();
  const told: unknown[] = [];
  const { server, port } = await serve((request, response) => {
    context.run(request.url ?? '', async () => {
      for (const event of ['finish', 'close']) {
        response.on(event, () => told.push(`${event} ${context.getStore()}`));
      }
      await wait();
      response.write('a');
      response.end('b', () => told.push(`end ${context.getStore()}`));
    });
  });
  expect((await fetched({ port, path: '/1' })).body).toBe('ab');
  expect((await fetched({ port, path: '/2' })).body).toBe('ab');
  server.close();
  // Whether the callback of end() comes before 'finish' or after it depends on the release of Node.
  const expected = ['/1', '/2'].flatMap((url) => [`finish ${url}`, `end ${url}`, `close ${url}`]);
  expect([...told].sort()).toEqual(expected.sort());
});
