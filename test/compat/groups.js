// What is run, and how much of it has to pass.

/** Groups of Node's tests by the module in their names; least: the share that has to pass, if that is promised. */
export const GROUPS = {
  net: { least: 0.95 },
  http: { least: 0.97 },
  https: { least: 0.97 },
  http2: { least: undefined },
  tls: { least: undefined },
};

/** Those that are run when nothing else is asked for. */
export const PROMISED = /** @type {(keyof typeof GROUPS)[]} */ (['net', 'http', 'https']);

/** The modules that are replaced, where kevent has them. */
export const MODULES = ['net', 'http', 'https', 'http2'];
