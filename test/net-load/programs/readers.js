// readers.js PORT CONNECTIONS MESSAGE
//
// Sends a message on each of the connections, and reads all that comes.
import { connect } from 'node:net';

const [port, connections, message] = process.argv.slice(2);

for (let i = 0; i < Number(connections); i += 1) {
  connect(Number(port), '127.0.0.1').resume().write(message);
}
