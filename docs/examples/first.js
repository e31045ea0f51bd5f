// One queue for a timer, a directory and Ctrl-C.
import { KEVENT_INODE_CREATE, Queue, request } from 'kevent';

const queue = new Queue();
queue.add(request.timer({ every: 1_000_000_000n, data: 'a second has passed' }));
queue.add(request.signal('SIGINT', { exclusive: true, data: 'that was Ctrl-C' }));
queue.watch('.', KEVENT_INODE_CREATE, (event) => {
  for (const { name } of event.payload()) console.log(`there is a new file: ${name}`);
});

for await (const event of queue.events()) {
  console.log(event.data);
  if (event.data === 'that was Ctrl-C') break;
}
queue.close();
