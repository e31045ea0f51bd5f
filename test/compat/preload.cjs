// Required before a test of Node's own (NODE_OPTIONS, so that its child processes and workers get it too):
// whatever a file of the checkout asks for as net, http, https or http2 is kevent's. Node's internals, and
// kevent itself, keep the built-in modules.
//
// KEVENT_COMPAT_ROOT: the folder whose files are meant.
// KEVENT_COMPAT_MODULES: which modules are replaced, by commas.
const Module = require('node:module');
const { sep } = require('node:path');
const { pathToFileURL } = require('node:url');

const root = `${process.env.KEVENT_COMPAT_ROOT}${sep}`;
const names = (process.env.KEVENT_COMPAT_MODULES ?? '').split(',');

/** @type {Map<string, object>} */
const replacements = new Map();
const { emitWarning } = process;
// Some of the tests count warnings, and that require() loaded an ES module is not what they ask about.
process.emitWarning = () => {};
for (const name of names) {
  replacements.set(name, require(`kevent/${name}`));
}
process.emitWarning = emitWarning;

const load = Module._load;
Module._load = function (request, parent, isMain) {
  const name = request.startsWith('node:') ? request.slice(5) : request;
  const replacement = parent?.filename?.startsWith(root) ? replacements.get(name) : undefined;
  return replacement ?? load.call(this, request, parent, isMain);
};

// The hook for ES modules runs in a thread of its own, which the other tests are better off without.
if (process.argv[1]?.endsWith('.mjs')) {
  const modules = Object.fromEntries(
    names.map((name) => [name, pathToFileURL(require.resolve(`kevent/${name}`)).href]),
  );
  Module.register(pathToFileURL(`${__dirname}${sep}resolve.js`), {
    data: { root: pathToFileURL(root).href, modules },
  });
}
