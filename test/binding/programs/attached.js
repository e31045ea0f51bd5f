// A worker that attaches a queue and does one of several rash things in the callback.
import { isMainThread, parentPort, workerData } from 'node:worker_threads';
import {
  createRing,
  KEVENT_CTL_ADD,
  KEVENT_CTL_READY,
  KEVENT_REQ_ALWAYS_QUEUE,
  KEVENT_UNOTIFY,
  kevent_ctl,
  kevent_init,
  kevent_share,
  UKEVENT_SIZE,
  writeUkevent,
} from 'kevent/raw';
import { binding } from '../../../dist/abi/binding.js';

const what = isMainThread ? process.argv[2] : workerData.what;
const ring = workerData?.ring ?? createRing(8);
const fd = workerData?.fd ?? kevent_init(ring, 8);
if (workerData?.fd !== undefined) kevent_share(fd, ring);

const control = new Float64Array(new SharedArrayBuffer(64));
const entry = new Uint8Array(UKEVENT_SIZE);
const fire = () => {
  writeUkevent(entry, 0, { type: KEVENT_UNOTIFY, id: 1 });
  kevent_ctl(fd, KEVENT_CTL_READY, 1, entry);
};
let calls = 0;
const attachment = new (binding().Attachment)(fd, control, () => {
  calls += 1;
  if (what === 'spin') {
    parentPort?.postMessage('ready');
    for (;;);
  }
  if (what === 'exit') process.exit(7);
  if (what === 'throw' && calls === 1) {
    setImmediate(fire);
    throw new Error('from the callback');
  }
  control[2] = control[1] ?? 0;
  if (what === 'hold') {
    control[2] = 0;
    control[4] = 0;
    parentPort?.postMessage('ready');
    return;
  }
  if (what === 'flood') {
    if (calls === 1) parentPort?.postMessage('ready');
    fire();
    return;
  }
  attachment.unref();
});
process.on('uncaughtException', (error) => {
  if (error.message !== 'from the callback') throw error;
  console.log(`uncaught: ${error.message}`);
});
attachment.open();
attachment.start();
attachment.ref();
control[4] = 1;
writeUkevent(entry, 0, { type: KEVENT_UNOTIFY, id: 1, event: 1, req_flags: KEVENT_REQ_ALWAYS_QUEUE });
kevent_ctl(fd, KEVENT_CTL_ADD, 1, entry);
if (what !== 'idle') fire();
else parentPort?.postMessage('ready');
process.on('exit', () => console.log(`calls: ${calls}`));
