// One queue for a timer, two signals, a listening socket, a directory, standard input and an event of our own.
//
//   npm start
//   npm start -- --seconds 10 --port 8080 some/directory
import { fstatSync, mkdtempSync, readSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isatty } from 'node:tty';
import { parseArgs } from 'node:util';

import * as kevent from 'kevent';

import { listen } from './listening_socket.js';

/** @typedef {kevent.QueueEvent<unknown, kevent.SignalRecord[]>} SignalEvent */
/** @typedef {kevent.QueueEvent<unknown, kevent.InodeRecord[]>} InodeEvent */

const SECOND = 1_000_000_000;
const STDIN = 0;

const { values, positionals } = parseArgs({
  options: { port: { type: 'string', default: '0' }, seconds: { type: 'string' } },
  allowPositionals: true,
});
const made = positionals[0] === undefined ? mkdtempSync(join(tmpdir(), 'kevent-')) : undefined;
const directory = positionals[0] ?? String(made);
const socket = await listen(Number(values.port));
const queue = new kevent.Queue();
const { request } = kevent;

// What there is to say of each kind of event.

let ticks = 0;
let over = false;

/** @param {kevent.QueueEvent} event */
function ticked(event) {
  ticks += event.data0;
  if (ticks % 5 === 0) own.ready();
  return `tick ${ticks}`;
}

function timeIsUp() {
  over = true;
  return `${values.seconds} s are over`;
}

/** @param {SignalEvent} event */
function sender(event) {
  const [first] = event.payload();
  return first?.pid ? `from process ${first.pid} of user ${first.uid}` : 'from the terminal';
}

/** @param {SignalEvent} event */
function interrupted(event) {
  over = true;
  return `SIGINT ${sender(event)}`;
}

/** @param {SignalEvent} event */
function signalled(event) {
  own.ready();
  return `SIGUSR1 ${sender(event)}`;
}

async function connected() {
  return `${await socket.accept()} connected`;
}

const CHANGES = new Map([
  [kevent.KEVENT_INODE_CREATE, 'created'],
  [kevent.KEVENT_INODE_MODIFY, 'written'],
  [kevent.KEVENT_INODE_CLOSE_WRITE, 'closed'],
  [kevent.KEVENT_INODE_ATTRIB, 'touched'],
  [kevent.KEVENT_INODE_MOVED_FROM, 'moved away'],
  [kevent.KEVENT_INODE_MOVED_TO, 'moved here'],
  [kevent.KEVENT_INODE_REMOVE, 'deleted'],
]);
const ANY_CHANGE = [...CHANGES.keys()].reduce((mask, bit) => mask | bit);

/** @param {InodeEvent} event */
function changed(event) {
  /** @type {Map<string, string[]>} */
  const files = new Map();
  for (const { mask, name } of event.payload()) {
    const words = [...CHANGES].filter(([bit]) => mask & bit).map(([, word]) => word);
    files.set(`${name}`, [...(files.get(`${name}`) ?? []), ...words]);
  }
  return [...files].map(([file, words]) => `${file} ${words.join(', ')}`).join('; ');
}

/** @param {kevent.QueueEvent} event */
function typed(event) {
  const bytes = Buffer.alloc(4096);
  const length = readSync(STDIN, bytes);
  if (length > 0) return JSON.stringify(bytes.toString('utf8', 0, length).trimEnd());
  event.registration?.remove();
  return 'end of input';
}

/** @param {kevent.QueueEvent} event */
function fired(event) {
  return event.data0 === 1 ? 'fired' : `fired ${event.data0} times`;
}

// One queue, and each kevent carries its name and what to say of its events.

queue.add(request.timer({ every: SECOND, data: { name: 'timer', tell: ticked } }));
queue.add(request.signal('SIGINT', { exclusive: true, data: { name: 'signal', tell: interrupted } }));
queue.add(request.signal('SIGUSR1', { exclusive: true, data: { name: 'signal', tell: signalled } }));
queue.add(request.socket(socket.fd, 'accept', { data: { name: 'socket', tell: connected } }));
queue.watch(directory, ANY_CHANGE, undefined, { data: { name: 'file', tell: changed } });
const own = queue.add(request.user(1, { data: { name: 'user', tell: fired } }));
const input = watchInput();
if (values.seconds !== undefined) {
  const after = Math.round(Number(values.seconds) * SECOND);
  queue.add(request.timer({ after, data: { name: 'timer', tell: timeIsUp } }));
}

/** The kind of kevent depends on what standard input is. Says what to do. */
function watchInput() {
  const stats = fstatSync(STDIN);
  const options = { data: { name: 'input', tell: typed } };
  if (stats.isFIFO()) queue.add(request.pipe(STDIN, 'recv', options));
  else if (stats.isSocket()) queue.add(request.socket(STDIN, 'recv', options));
  else if (isatty(STDIN)) queue.add(request.poll(STDIN, 'in', options));
  else return 'nothing to wait for: standard input is neither a terminal nor a pipe';
  return isatty(STDIN) ? 'type a line' : 'write into the pipe';
}

console.log(`
  timer    every second
  signal   kill -USR1 ${process.pid}, or Ctrl-C to end
  socket   nc 127.0.0.1 ${socket.port}
  file     touch ${join(directory, 'hello')}
  input    ${input}
  user     with every fifth tick and every SIGUSR1
`);

const start = performance.now();
/** @type {Map<string, number>} */
const counts = new Map();

for await (const event of queue.events()) {
  const { name, tell } = /** @type {{ name: string, tell: (event: unknown) => string | Promise<string> }} */ (
    event.data
  );
  const time = ((performance.now() - start) / 1000).toFixed(3);
  console.log(`${time.padStart(9)} s  ${name.padEnd(7)}  ${await tell(event)}`);
  counts.set(name, (counts.get(name) ?? 0) + 1);
  if (over) break;
}

const { delivered, kevents, wakeups, muted, memory } = queue.stats();
const summary = [...counts].map(([name, count]) => `${count} ${name}`).join(', ');
console.log(`
  events   ${summary}
  queue    ${kevents} kevents, ${delivered} events delivered, ${wakeups} wake-ups, ${muted} times muted, ${memory} bytes
`);

queue.close();
await socket.close();
if (made !== undefined) rmSync(made, { recursive: true });
