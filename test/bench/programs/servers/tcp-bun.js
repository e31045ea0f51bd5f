// tcp-bun.js echo
// tcp-bun.js sink
// tcp-bun.js source BYTES
//
// What tcp_server.c does, on Bun.listen. Bun's write says what the kernel took: the rest is kept here.
const [work, bytes] = process.argv.slice(2);
const chunk = Buffer.alloc(64 * 1024);

const { Bun } = /** @type {any} */ (globalThis);

const none = () => {};

const echo = {
  open(/** @type {any} */ socket) {
    socket.data = [];
  },
  data(/** @type {any} */ socket, /** @type {Buffer} */ data) {
    const taken = socket.data.length > 0 ? 0 : socket.write(data);
    if (taken < data.length) socket.data.push(Buffer.from(data.subarray(taken)));
  },
  drain(/** @type {any} */ socket) {
    const rest = socket.data;
    while (rest.length > 0) {
      const taken = socket.write(rest[0]);
      if (taken < rest[0].length) {
        rest[0] = rest[0].subarray(taken);
        return;
      }
      rest.shift();
    }
  },
};

const sink = { open: none, data: none, drain: none };

function send(/** @type {any} */ socket) {
  while (socket.data > 0) {
    const part = socket.data < chunk.length ? chunk.subarray(0, socket.data) : chunk;
    const taken = socket.write(part);
    socket.data -= taken;
    if (taken < part.length) return;
  }
  socket.end();
}

const source = {
  open(/** @type {any} */ socket) {
    socket.data = Number(bytes);
    send(socket);
  },
  data: none,
  drain: send,
};

const handlers = { echo, sink, source };
const server = Bun.listen({
  hostname: '0.0.0.0',
  port: 0,
  socket: { ...handlers[/** @type {keyof typeof handlers} */ (work)], error: none },
});
console.log(JSON.stringify({ port: server.port }));
