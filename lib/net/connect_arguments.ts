import type { ConnectOptions } from './connect.js';

type Callback = (...args: unknown[]) => void;

function isPipeName(value: unknown): value is string {
  return typeof value === 'string' && toPort(value) === undefined;
}

/** A port, also as a string; undefined if it is none. */
function toPort(value: unknown): number | undefined {
  const port = Number(value);
  return typeof value !== 'boolean' && value !== '' && port >= 0 ? port : undefined;
}

/**
 * The arguments of connect: `(options)`, `(port, host?)` or `(path)`, each with a callback at the end. An
 * array as the only argument is arguments too.
 */
export function connectArguments(given: readonly unknown[]): [ConnectOptions, Callback | null] {
  const args = given.length === 1 && Array.isArray(given[0]) ? given[0] : given;
  const last = args[args.length - 1];
  const callback = typeof last === 'function' ? (last as Callback) : null;
  const first: unknown = args[0];
  if (args.length === 0) return [{}, callback];
  if (typeof first === 'object' && first !== null) return [first as ConnectOptions, callback];
  if (isPipeName(first)) return [{ path: first }, callback];
  const options: ConnectOptions = { port: first as number };
  if (args.length > 1 && typeof args[1] === 'string') options.host = args[1];
  return [options, callback];
}
