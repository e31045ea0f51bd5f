// A cluster of two workers on one port; argv: rr or none.
import cluster from 'node:cluster';
import { once } from 'node:events';
import { createServer, get } from 'node:http';
import { report } from './report.js';

if (cluster.isPrimary) {
  cluster.schedulingPolicy = process.argv[2] === 'rr' ? cluster.SCHED_RR : cluster.SCHED_NONE;
  const workers = [cluster.fork(), cluster.fork()];
  await Promise.all(workers.map((worker) => once(worker, 'listening')));
  const listening = await Promise.all(
    workers.map(async (worker) => {
      worker.send('where');
      const [answer] = await once(worker, 'message');
      return answer;
    }),
  );
  const pids = new Set();
  for (let i = 0; i < 50; i++) {
    const [response] = await once(get({ port: listening[0], host: '127.0.0.1', agent: false }), 'response');
    let text = '';
    for await (const chunk of response) text += chunk;
    pids.add(Number(text));
  }
  const known = [...pids].every((pid) => workers.some((worker) => worker.process.pid === pid));
  for (const worker of workers) worker.send('stop');
  const codes = await Promise.all(workers.map(async (worker) => (await once(worker, 'exit'))[0]));
  console.log(JSON.stringify({ same: listening[0] === listening[1], answered: pids.size, known, codes }));
} else {
  const server = createServer((_request, response) => response.end(String(process.pid)));
  server.listen(0, '127.0.0.1');
  process.on('message', (message) => {
    if (message === 'where')
      process.send?.(/** @type {import('node:net').AddressInfo} */ (server.address()).port);
    else {
      server.close(() => {
        report({});
        process.disconnect();
      });
    }
  });
}
