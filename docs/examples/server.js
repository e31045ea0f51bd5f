// An HTTP server on the kevent loop. With node:http in the first line it is one of Node.js's own.
import { createServer } from 'kevent/http';

const port = Number(process.argv[2] ?? 8080);
createServer((request, response) => {
  response.end(`You asked for ${request.url}\n`);
}).listen(port, () => console.log(`http://localhost:${port}/`));
