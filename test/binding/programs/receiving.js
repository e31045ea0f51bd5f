// Echoes over loopback as fast as it can, with blocks that are kept, held and dropped, until it is terminated.
import { parentPort } from 'node:worker_threads';

import { binding } from '../../../dist/abi/binding.js';
import { Queue } from '../../../dist/index.js';

const native = binding();
const queue = new Queue({ ringSize: 64 });
/** @type {Uint8Array[]} */
const kept = [];
const words = new Int32Array(4);
const chunk = new Uint8Array(3000);
const out = new Int32Array(8);
let events = 0;

/** @param {import('../../../dist/index.js').QueueEvent} event */
function receive(event) {
  const length = event.data0 & 0xffffff;
  if (event.broken || length === 0) return;
  const memory = native.naioBlock(queue.fd, event.data1 >>> 20, events % 3 === 0);
  if (typeof memory === 'number') throw new Error(`naioBlock: ${memory}`);
  kept[events % 20] = new Uint8Array(memory, event.data1 & 0xfffff, length);
  words.set([event.id0, 0, length, 2]);
  native.naioSend(words, 1, chunk, [kept[events % 20]]);
  events += 1;
  if (events === 50) parentPort?.postMessage('going');
}

const listener = native.socketOpen(4, 1);
native.socketBind(listener, '127.0.0.1', 0, 0);
native.socketListen(listener, 8);
const name = native.socketName(listener);
if (typeof name === 'number') throw new Error(`socketName: ${name}`);
const { port } = name;
for (let i = 0; i < 4; i += 1) {
  const client = native.socketOpen(4, 1);
  native.socketConnect(client, '127.0.0.1', port);
  native.socketAccept(listener, out);
  for (const fd of [client, out[0]]) queue.add({ type: 4, id: fd, event: 1 }, receive);
  words.set([client, 0, chunk.length, 0]);
  native.naioSend(words, 1, chunk, []);
}
