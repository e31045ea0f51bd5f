import type { Agent, RequestOptions } from 'node:http';

/** What `http.request` takes: `(url, options?, callback?)` or `(options, callback?)`. */
export type RequestArguments = readonly [
  target: string | URL | RequestOptions,
  optionsOrCallback?: unknown,
  callback?: unknown,
];

/**
 * The arguments for Node's ClientRequest, with an agent for when they do not say otherwise. The options that were given
 * are not changed, and may inherit.
 */
export function withDefaultAgent(args: RequestArguments, agent: Agent): unknown[] {
  const [target, second, third] = args;
  if (typeof target === 'string' || target instanceof URL) {
    return typeof second === 'function'
      ? [target, { _defaultAgent: agent }, second]
      : [target, { _defaultAgent: agent, ...(second as object | undefined) }, third];
  }
  const options = Object.create(Object.getPrototypeOf(target ?? {}));
  return [Object.assign(options, { _defaultAgent: agent }, target), second];
}
