// From one pipe to another, as sockets.
import net from '../../../dist/net.js';

const output = new net.Socket({ fd: 1, readable: false });
const input = new net.Socket({ fd: 0, writable: false });
input.setEncoding('utf8');
for await (const text of input) output.write(text.toUpperCase());
output.end();
