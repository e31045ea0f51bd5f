// Accepts from the listening socket that it was given as fd 3, and prints each connection. Waits for a line before
// it begins, and closes what it has accepted when it reads another one.
import { closeSync, fstatSync } from 'node:fs';

import { accepts, lines } from 'kevent';

const input = lines(0);
await input.once();
/** @type {number[]} */
const open = [];
void (async () => {
  for await (const connection of accepts(3)) {
    open.push(connection.fd);
    console.log(JSON.stringify({ ...connection, socket: fstatSync(connection.fd).isSocket() }));
  }
})().catch((error) => console.log(JSON.stringify({ code: error.code, syscall: error.syscall })));
for await (const line of input) {
  if (line === 'end') process.exit();
  for (const fd of open.splice(0)) closeSync(fd);
}
