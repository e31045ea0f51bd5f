// What preload.cjs does for require(), for import.

/** @type {string} */
let root;
/** @type {Record<string, string>} */
let modules;

export function initialize(/** @type {{root: string, modules: Record<string, string>}} */ data) {
  ({ root, modules } = data);
}

/**
 * @param {string} specifier
 * @param {{parentURL?: string}} context
 * @param {(specifier: string, context: object) => unknown} next
 */
export function resolve(specifier, context, next) {
  const name = specifier.startsWith('node:') ? specifier.slice(5) : specifier;
  const url = context.parentURL?.startsWith(root) ? modules[name] : undefined;
  if (url === undefined) return next(specifier, context);
  // The built-in modules have a default export, whether ours have one or not.
  const source = `import * as all from '${url}'; export * from '${url}'; export default all['default'] ?? all;`;
  return { url: `data:text/javascript,${encodeURIComponent(source)}`, shortCircuit: true };
}
