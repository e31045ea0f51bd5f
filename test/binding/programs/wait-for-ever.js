// A worker that blocks in a waiting call until it is terminated.
import { parentPort, workerData } from 'node:worker_threads';
import {
  kevent_claim,
  kevent_consumer_open,
  kevent_get_events,
  kevent_share,
  kevent_wait,
  UKEVENT_SIZE,
} from 'kevent/raw';

const { fd, ring, call } = workerData;
kevent_share(fd, ring);
const consumer = kevent_consumer_open(fd);
parentPort?.postMessage('ready');
if (call === 'wait') kevent_wait(fd, 1, 0, null);
if (call === 'get_events') kevent_get_events(fd, 1, 1, null, new Uint8Array(UKEVENT_SIZE));
if (call === 'claim') kevent_claim(fd, consumer, 1, null);
