// file.js MODULE stream|sendFile PATH
//
// An HTTP server that answers with the file, with MODULE: node:http or kevent/http (which alone has sendFile).
import { createReadStream, statSync } from 'node:fs';

import { listening } from './commands.js';

const [module, how, path] = process.argv.slice(2);
/** @type {typeof import('kevent/http')} */
const { createServer, sendFile } = await import(module);

const { size } = statSync(path);

/** @type {Record<string, import('node:http').RequestListener>} */
const answers = {
  stream: (_request, response) => {
    response.setHeader('content-length', size);
    createReadStream(path).pipe(response);
  },
  sendFile: (_request, response) => {
    sendFile(response, path).catch((error) => response.destroy(error));
  },
};

const server = createServer(answers[how]);
server.listen(0, '0.0.0.0', () => {
  listening(/** @type {import('node:net').AddressInfo} */ (server.address()).port);
});
