// http-bun.js
//
// What http.js does, on Bun.serve.
const { Bun } = /** @type {any} */ (globalThis);

const server = Bun.serve({
  hostname: '0.0.0.0',
  port: 0,
  fetch: () => new Response('Hello, world!', { headers: { 'content-type': 'text/plain' } }),
});
console.log(JSON.stringify({ port: server.port }));
