// file-bun.js PATH
//
// What file.js does, on Bun.serve.
const { Bun } = /** @type {any} */ (globalThis);
const [path] = process.argv.slice(2);

const server = Bun.serve({ hostname: '0.0.0.0', port: 0, fetch: () => new Response(Bun.file(path)) });
console.log(JSON.stringify({ port: server.port }));
