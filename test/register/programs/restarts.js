// A cluster whose workers are killed and started again while it is asked; argv: rr or none.
import cluster from 'node:cluster';
import { once } from 'node:events';
import { createServer, get } from 'node:http';

if (cluster.isPrimary) {
  cluster.schedulingPolicy = process.argv[2] === 'rr' ? cluster.SCHED_RR : cluster.SCHED_NONE;
  cluster.fork();
  const [, { port }] = await once(cluster, 'listening');
  cluster.fork();
  await once(cluster, 'listening');
  const sockets = new Set();
  const pids = new Set();
  for (let i = 0; i < 40; i++) {
    if (i % 10 === 5) {
      const [worker] = Object.values(cluster.workers ?? {});
      worker?.process.kill(i % 20 === 5 ? 'SIGKILL' : 'SIGTERM');
      if (worker !== undefined) await once(worker, 'exit');
      cluster.fork();
      await once(cluster, 'listening');
    }
    const [response] = await once(get({ port, host: '127.0.0.1', agent: false }), 'response');
    let text = '';
    for await (const chunk of response) text += chunk;
    const [pid, socket] = text.split(' ');
    pids.add(pid);
    sockets.add(socket);
  }
  await new Promise((resolve) => cluster.disconnect(() => resolve(undefined)));
  console.log(JSON.stringify({ several: pids.size >= 4, sockets: [...sockets] }));
} else {
  createServer((request, response) => {
    response.end(`${process.pid} ${request.socket.constructor.name}`);
  }).listen(0, '127.0.0.1');
}
