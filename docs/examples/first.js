// Every second, every change in this directory, and Ctrl-C: in one loop.
import { interval, merge, signals, watch } from 'kevent';

const events = merge(
  interval(1000).map(({ index }) => `second ${index}`),
  watch('.').map(({ type, path }) => `${type} ${path}`),
  signals('SIGINT', { exclusive: true }).map(() => 'Ctrl-C'),
);

for await (const event of events) {
  console.log(event);
  if (event === 'Ctrl-C') break;
}
