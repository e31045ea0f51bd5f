import { workerData } from 'node:worker_threads';

import { Channel } from 'kevent';

const [jobs, results] = workerData.map((handle) => Channel.from(handle));
for await (const job of jobs) await results.send(job * job);
results.close();
