import { UsageError } from '../usage_error.js';
import { exit } from './exit.js';
import { fd } from './fd.js';
import { listen } from './listen.js';
import type { Occurrences, Origin } from './origin.js';
import { signal } from './signal.js';
import { timer } from './timer.js';
import { watch } from './watch.js';

/** In the order in which the help lists them. */
export const ORIGINS: readonly Origin[] = [timer, signal, watch, fd, listen, exit];

/** A source as it was typed. */
export interface Spec {
  /** All of it, such as `timer:1s`. */
  readonly text: string;
  readonly origin: Origin;
  readonly argument: string;
  readonly occurrences: Occurrences;
}

/** @throws UsageError */
export function parseSpec(text: string): Spec {
  const colon = text.indexOf(':');
  const name = colon < 0 ? text : text.slice(0, colon);
  const origin = ORIGINS.find((known) => known.name === name);
  const examples = ORIGINS.map((known) => `${known.name}:${known.argument}`).join(' ');
  if (origin === undefined) throw new UsageError(`unknown source '${text}': there are ${examples}`);
  const argument = colon < 0 ? '' : text.slice(colon + 1);
  if (argument === '') {
    throw new UsageError(`'${text}' needs an argument, as in ${name}:${origin.argument} (${origin.about})`);
  }
  return { text, origin, argument, occurrences: origin.open(argument) };
}
