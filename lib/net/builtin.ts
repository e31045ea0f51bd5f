/**
 * One of Node's modules with some of it replaced: an object of its own that can be changed, as the object that
 * `require()` gives for Node's. What is an accessor there, or in `replacements`, is one here.
 */
export function withReplacements<Builtin extends object>(
  builtin: Builtin,
  replacements: Partial<Builtin>,
): Builtin {
  const described = {
    ...Object.getOwnPropertyDescriptors(builtin),
    ...Object.getOwnPropertyDescriptors(replacements),
  };
  return Object.defineProperties({}, described) as Builtin;
}
