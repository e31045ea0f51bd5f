// What Node itself does with sockets and pipes, beside a server on the loop.
import { exec, fork, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { Session } from 'node:inspector/promises';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import { report } from './report.js';

const self = fileURLToPath(import.meta.url);

if (process.argv[2] === 'child') {
  const server = createServer((_request, response) => response.end('child')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const text = await (await fetch(`http://127.0.0.1:${port}/`)).text();
  process.send?.(text);
  process.disconnect();
  server.closeAllConnections();
  server.close();
} else {
  const server = createServer((_request, response) => response.end('parent')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
  const url = `http://127.0.0.1:${port}/`;

  const cat = spawn('cat');
  cat.stdin.end('through a pipe');
  let piped = '';
  for await (const chunk of cat.stdout) piped += chunk;

  let stdin = '';
  for await (const chunk of process.stdin) stdin += chunk;

  const { stdout: executed } = await promisify(exec)('echo executed');

  const child = fork(self, ['child']);
  const [forked] = await once(child, 'message');
  await once(child, 'exit');

  const worker = new Worker(
    `import { createServer } from 'node:http';
    import { parentPort } from 'node:worker_threads';
    const server = createServer((_request, response) => response.end('worker')).listen(0, '127.0.0.1', async () => {
      const text = await (await fetch('http://127.0.0.1:' + server.address().port)).text();
      server.closeAllConnections();
      server.close(() => parentPort.postMessage(text));
    });`,
    { eval: true, execArgv: [...process.execArgv, '--input-type=module'] },
  );
  const [threaded] = await once(worker, 'message');
  await once(worker, 'exit');

  const session = new Session();
  session.connect();
  const { result } = await session.post('Runtime.evaluate', { expression: '6 * 7' });
  session.disconnect();

  const fetched = await (await fetch(url)).text();
  server.closeAllConnections();
  server.close();
  report({ piped, stdin, executed, forked, threaded, inspected: result.value, fetched });
}
